/** Keeps something for each group, topic and one thing more: quickest where it is asked for the same as before. */
export class ByPlace<T, Detail extends string | number> {
  private readonly known = new Map<string, T>();
  private last:
    { readonly group: string; readonly topic: string; readonly detail: Detail; readonly kept: T } | undefined;

  constructor(private readonly make: (group: string, topic: string, detail: Detail) => T) {}

  of(group: string, topic: string, detail: Detail): T {
    const { last } = this;
    if (last?.detail === detail && last.topic === topic && last.group === group) return last.kept;
    const kept = this.find(group, topic, detail);
    this.last = { group, topic, detail, kept };
    return kept;
  }

  private find(group: string, topic: string, detail: Detail): T {
    const name = `${topic}/${detail}/${group}`; // neither a topic nor a class has a slash
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const kept = this.make(group, topic, detail);
    this.known.set(name, kept);
    return kept;
  }
}
