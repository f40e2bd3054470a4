import { StringDecoder } from 'node:string_decoder';

/** A record as a Java consumer printed it. */
export interface JavaRecord {
  partition: number;

  /** Decimal, as kafkajs has it. */
  offset: string;
  key: string | null;
  value: string | null;
}

/** What stands between fields and after records, and for null: nothing that keys and values of tests contain. */
const FIELD_END = '\x1f';
const RECORD_END = '\x1e';
const NULL = '\x1a';

/** Settings of Kafka's DefaultMessageFormatter for what {@link RecordReader} reads. */
export const FORMATTER_PROPERTIES = {
  'print.partition': 'true',
  'print.offset': 'true',
  'print.key': 'true',
  'key.separator': FIELD_END,
  'line.separator': RECORD_END,
  'null.literal': NULL,
};

/** Reads records out of the output of a console consumer, which arrives in pieces. */
export class RecordReader {
  readonly records: JavaRecord[] = [];
  private readonly decoder = new StringDecoder('utf8');
  private unread = '';

  read(chunk: Buffer): void {
    const printed = (this.unread + this.decoder.write(chunk)).split(RECORD_END);
    this.unread = printed.pop() ?? '';
    for (const record of printed) this.records.push(parseRecord(record));
  }
}

function parseRecord(printed: string): JavaRecord {
  const [partition = '', offset = '', key, ...value] = printed.split(FIELD_END);
  if (!partition.startsWith('Partition:') || !offset.startsWith('Offset:') || key === undefined) {
    throw new Error(`expected a record as the DefaultMessageFormatter prints it, got ${printed}`);
  }
  return {
    partition: Number(partition.slice('Partition:'.length)),
    offset: offset.slice('Offset:'.length),
    key: orNull(key),
    value: orNull(value.join(FIELD_END)),
  };
}

function orNull(text: string): string | null {
  return text === NULL ? null : text;
}

/** Follows, by a consumer's log, which partitions it owns. */
export class AssignmentReader {
  /** As `topic-partition`. */
  readonly owned = new Set<string>();
  private unread = '';

  read(chunk: string): void {
    const lines = (this.unread + chunk).split('\n');
    this.unread = lines.pop() ?? '';
    for (const line of lines) this.follow(line);
  }

  private follow(line: string): void {
    const change = /(Adding newly|Revoke previously|Lost previously) assigned partitions:? \[?([^\](]*)/;
    const [, what, list = ''] = change.exec(line) ?? [];
    if (what === undefined) return;
    const partitions = list.split(/[, ]+/).filter((partition) => partition !== '');
    for (const partition of partitions) this.owned[what.startsWith('Adding') ? 'add' : 'delete'](partition);
  }
}
