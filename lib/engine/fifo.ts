/** A queue whose every operation costs the same, however long it is (an array's `shift` moves all the others). */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  static of<T>(items: Iterable<T>): Fifo<T> {
    const fifo = new Fifo<T>();
    fifo.items = [...items];
    return fifo;
  }

  get length(): number {
    return this.items.length - this.head;
  }

  get first(): T | undefined {
    return this.items[this.head];
  }

  get last(): T | undefined {
    return this.items.at(-1);
  }

  /** Counted from the first, which is 0. */
  at(index: number): T | undefined {
    return this.items[this.head + index];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined; // so that it can be collected
    if (this.head === this.items.length) this.clear();
    else if (this.head >= longestGap && this.head * 2 >= this.items.length) this.closeGap();
    return item;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }

  private closeGap(): void {
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}

const longestGap = 64;
