import { Residence } from '../wasm/index.ts';

/** The memory of an operand, as far as it tells whether it has changed. */
export interface Watched {
  readonly version: number;
  /** Whether only those have it who count its changes. */
  readonly mayMove: boolean;
}

/** Who lies in a place, and as what it was brought there. */
interface Tenant {
  readonly place: number;
  readonly offset: number;
  readonly count: number;
  readonly version: number;
  /** The last use that it was in. */
  use: number;
}

/**
 * Places for operands of one size where kernels work, behind their scratch: what others do in the meantime does not
 * touch them. What was brought for an owner is there still when it comes again, as long as it has not changed and there
 * is room. The first place is never taken.
 */
export class Bench {
  /** Bytes from one place to the next. */
  readonly pitch: number;
  readonly places: number;
  readonly #residence: Residence;
  readonly #tenants: (Tenant | undefined)[] = [];
  readonly #known = new WeakMap<Watched, Tenant>();
  #owner: object | null = null;
  #use = 0;

  /** @throws RangeError where the memory cannot grow */
  constructor(pitch: number, places: number) {
    this.#residence = new Residence(pitch * places);
    this.pitch = pitch;
    this.places = places;
  }

  /** Begins a use, by what finds what it brought before, or by `null`, who finds nothing. */
  begin(owner: object | null): void {
    if (owner === null || owner !== this.#owner) this.#tenants.length = 0;
    this.#owner = owner;
    this.#use++;
  }

  addressOf(place: number): number {
    return this.#residence.address + place * this.pitch;
  }

  giveBack(): void {
    this.#residence.giveBack();
  }

  /** The place of elements of a memory in this use, of which it asks once; and whether they are there. */
  place(memory: Watched, offset: number, count: number): { place: number; isThere: boolean } {
    const { version } = memory;
    const known = this.#known.get(memory);
    const isTenant = known !== undefined && this.#tenants[known.place] === known;
    if (isTenant && known.version === version && known.offset === offset && known.count === count) {
      known.use = this.#use;
      return { place: known.place, isThere: memory.mayMove };
    }
    const place = isTenant ? known.place : this.#leastRecent();
    const tenant = { place, offset, count, version, use: this.#use };
    this.#known.set(memory, tenant);
    this.#tenants[place] = tenant;
    return { place, isThere: false };
  }

  /** A place that is free, or was not used for longest. */
  #leastRecent(): number {
    let place = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 1; i < this.places && least >= 0; i++) {
      const use = this.#tenants[i]?.use ?? -1;
      if (use < least) [place, least] = [i, use];
    }
    return place;
  }
}
