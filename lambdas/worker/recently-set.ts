/** Values of workers, in the order in which they were set: for caches that drop what was set longest ago. */

interface Entry<V> {
  value: V;
  readonly worker: number;
  readonly group: Group<V>;
  older: Entry<V> | null;
  newer: Entry<V> | null;
}

interface Group<V> {
  readonly name: string;
  readonly part: number;
  readonly entries: Map<number, Entry<V>>;
}

/**
 * Values are keyed by a group (a name, and a number for a part of what has that name) and a worker of it. The same group
 * is asked for again and again, so a look-up compares two texts that are the same one and then looks for a number: with
 * a key of text for each worker it would take longer than a small worker's gradient.
 */
export class RecentlySet<V> {
  readonly #groups = new Map<string, Group<V>>();
  #last: Group<V> | undefined;
  #oldest: Entry<V> | null = null;
  #newest: Entry<V> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(name: string, part: number, worker: number): V | undefined {
    return this.#group(name, part).entries.get(worker)?.value;
  }

  /** The value becomes the newest one. Returns the one it replaces. */
  set(name: string, part: number, worker: number, value: V): V | undefined {
    const group = this.#group(name, part);
    const known = group.entries.get(worker);
    if (known === undefined) {
      const entry: Entry<V> = { value, worker, group, older: null, newer: null };
      group.entries.set(worker, entry);
      this.#size++;
      this.#append(entry);
      return undefined;
    }
    const replaced = known.value;
    known.value = value;
    if (known !== this.#newest) {
      this.#unlink(known);
      this.#append(known);
    }
    return replaced;
  }

  /** Drops the value that was set longest ago, and returns it. */
  dropOldest(): V | undefined {
    const entry = this.#oldest;
    if (entry === null) return undefined;
    this.#unlink(entry);
    this.#size--;
    const { group } = entry;
    group.entries.delete(entry.worker);
    if (group.entries.size === 0) {
      this.#groups.delete(keyOf(group.name, group.part));
      if (this.#last === group) this.#last = undefined;
    }
    return entry.value;
  }

  #group(name: string, part: number): Group<V> {
    const last = this.#last;
    if (last !== undefined && last.part === part && last.name === name) return last;
    const key = keyOf(name, part);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { name, part, entries: new Map() };
      this.#groups.set(key, group);
    }
    this.#last = group;
    return group;
  }

  #append(entry: Entry<V>): void {
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry<V>): void {
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }
}

function keyOf(name: string, part: number): string {
  return `${part} ${name}`;
}
