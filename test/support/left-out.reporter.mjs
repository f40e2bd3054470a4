/** Says in the last lines of a run that specs did not run on a real Kafka, and why. */
export default class LeftOutReporter {
  constructor(_globalConfig, { leftOut }) {
    this.leftOut = leftOut;
  }

  onRunComplete() {
    if (this.leftOut) process.stderr.write(`\nLeft out: the specs on a real Kafka. ${this.leftOut}\n`);
  }
}
