// Where the numbers of the vectors come from: SplitMix64 for small ones, SHA-512 for field elements. Both are specified in README.md, so that
// any language can draw the same.

import { createHash } from "node:crypto";
import { P, HALF } from "./encoding.mjs";

const MASK = (1n << 64n) - 1n;

/** SplitMix64 from a 64-bit seed. */
export class Draw {
  constructor(seed) {
    this.state = BigInt(seed) & MASK;
  }
  next() {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & MASK;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  }
  /** An integer in [0, n). */
  below(n) {
    return Number(this.next() % BigInt(n));
  }
  between(from, to) {
    return from + this.below(to - from + 1);
  }
  chance(percent) {
    return this.below(100) < percent;
  }
  pick(items) {
    return items[this.below(items.length)];
  }
  /** `count` different numbers below `n`, rising. */
  subset(count, n) {
    const chosen = new Set();
    while (chosen.size < count) chosen.add(this.below(n));
    return [...chosen].sort((a, b) => a - b);
  }
}

const SEED = "probity statement vectors 1";
/** The field element called `name` of vector `index`: SHA-512, reduced, so that the bias is negligible. */
export const element = (index, name) => BigInt(`0x${createHash("sha512").update(`${SEED}|${index}|${name}`).digest("hex")}`) % P;

// ---- The 100,000 scoring cases; README.md has the same in words ----

/** A feature's value from one draw: missing, small, near an edge of the attribute of the same number, or anything. */
function value(r, edges, missing) {
  const [kind, e] = [Number(r & 7n), r >> 3n];
  if (kind === 0) return missing;
  if (kind === 7) return (e % (2n * HALF - 1n)) - (HALF - 1n);
  if (kind >= 4 && edges.length > 0) {
    const n = BigInt(edges.length);
    return BigInt(edges[Number(e % n)]) + ((e / n) % 3n) - 1n;
  }
  return (e % 17n) - 8n;
}

/** The next case of a chunk: files of ages, domains and features, request, allowance. */
export function scoringCase(draw, policy, limit, worstLoss) {
  const edges = (i) => policy.attributes.find((a) => a.index === i)?.edges ?? [];
  const count = draw.below(limit + 1);
  const allowance = draw.next() % worstLoss;
  const files = Array.from({ length: count }, () => {
    const domain = draw.below(8);
    const r = draw.next();
    const age = r % 16n < 15n ? (r >> 4n) % 14n : (r >> 4n) % 4096n;
    const features = Array.from({ length: 20 }, (_, f) => value(draw.next(), edges(f), null));
    return { domain, age: Number(age), features };
  });
  const request = [6, 7, 8, 9].map((i) => value(draw.next(), edges(i), -HALF));
  return { files, request, allowance };
}
