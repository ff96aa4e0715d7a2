// The worlds of the vectors: for each policy eight applicants, each with a purpose.

import { FULL, HALF, filesOf } from "./encoding.mjs";
import { Draw } from "./draw.mjs";
import { worstLoss } from "./policies.mjs";

export const PER_POLICY = 8;
const [LEAST, MOST] = [Number(1n - HALF), Number(HALF - 1n)];
const clamp = (x) => Math.max(LEAST, Math.min(MOST, x));
const MONTH = 24_322; // 2026-11

/** A feature: missing, small, near an edge of the row of the same number, an extreme, or money. */
function valueOf(draw, policy, f) {
  const edges = policy.attributes.find((a) => a.index === f)?.edges ?? [];
  switch (draw.below(8)) {
    case 0: return null;
    case 1: return draw.pick([LEAST, MOST, 0, -1, 1]);
    case 2: case 3: return edges.length ? draw.pick(edges) + draw.between(-1, 1) : draw.between(-20, 20);
    case 4: return draw.between(-2_000_000, 2_000_000);
    default: return draw.between(-3, 45);
  }
}
const randomFeatures = (draw, policy) => Array.from({ length: 20 }, (_, f) => valueOf(draw, policy, f));

/** Features of one file that put every attribute it can at an edge of its row, plus `d`. */
function featuresAtEdges(draw, policy, schema, file, d) {
  const features = randomFeatures(draw, policy).map((x) => x ?? 1);
  const weight = policy.weights[file.domain] * (policy.decay[file.age] ?? 0);
  for (const { index, source, edges } of policy.attributes) {
    if (edges.length === 0) continue;
    const edge = draw.pick(edges);
    if (source === "feature") {
      const weighted = schema.features[index].rule === "sum-weighted" && weight > 0;
      features[index] = clamp((weighted ? Math.floor((edge * Number(FULL)) / weight) : edge) + d);
    } else if (source.ratio) {
      const [[a], [b]] = [source.ratio.a, source.ratio.b];
      if (source.ratio.a.length === 1 && source.ratio.b.length === 1 && a !== b) [features[a], features[b]] = [edge + d, 10_000];
    }
  }
  return features;
}

/** Slots, months and domains of `count` files; the features come from `features(file, i)`. */
function filesWith(draw, policy, world, count, { ages, domains, features }) {
  const slots = count === filesOf(policy.circuit) && count > 1 ? [0, ...draw.subset(count - 2, 510).map((s) => s + 1), 511] : draw.subset(count, 512);
  const weighted = policy.weights.flatMap((w, d) => (w > 0 ? [d] : []));
  world.files = slots.map((slot, i) => {
    const file = { age: ages?.[i] ?? draw.pick([0, 0, 1, 2, 3, 5, 11, 12]), domain: domains?.[i] ?? (draw.chance(80) ? draw.pick(weighted) : draw.below(8)) };
    return {
      slot, domain: file.domain, month: world.month - file.age, features: features(file, i),
      neighbours: draw.chance(30) ? [world.position ^ 1, world.position ^ 0o7000] : null,
    };
  });
}

/** A fresh world for a policy: position, counts, request; no files yet. */
function blank(draw, index, k, entry) {
  const { policy } = entry;
  const position = index % 97 === 0 ? 0 : index % 97 === 1 ? 2 ** 27 - 1 : draw.below(2 ** 27);
  const request = [6, 7, 8, 9].map((i) => {
    const edges = policy.attributes.find((a) => a.index === i)?.edges ?? [];
    if (edges.length && draw.chance(60)) return draw.pick(edges) + draw.between(-1, 1);
    return draw.pick([0, 0, 7, -1, Number(HALF - 1n), -Number(HALF), draw.between(0, 900_000)]);
  });
  const edges = index % 25 === 3 ? { sk: "zero", blinding: "last", salt: "one" } : index % 25 === 4 ? { sk: "last", salt: "zero", context: "zero" } : undefined;
  return {
    index, policy: k, registered: entry.schema, month: index % 40 === 7 ? 65_535 : MONTH + draw.below(14), window: draw.pick([1, 3, 6, 12]),
    position, counts: Array.from({ length: 8 }, () => draw.pick([0, 0, 1, 2, 63])), neighbours: [position ^ 1, position ^ 0o70],
    slots: [], files: [], request, ...(edges ? { edges } : {}),
  };
}

/** Files of the purpose, and a wish for the allowance: a number, or a distance from the loss of this applicant. */
function purpose(draw, k, v, world, entry, schema) {
  const { policy } = entry;
  const limit = filesOf(policy.circuit);
  const random = (count, more = {}) => filesWith(draw, policy, world, count, { features: () => randomFeatures(draw, policy), ...more });
  const bestDomain = policy.weights.indexOf(Math.max(...policy.weights));
  const some = () => draw.between(Math.min(1, limit), limit);
  if (v < 3) {
    const d = v - 1;
    if (k % 8 === 2 && d === 0) {
      // denominators that add up to 0, in several ways
      const balanced = (x, f, i) => (x === null ? null : (f % 2 ? 5 : -5) * i);
      const features = (_, i) => randomFeatures(draw, policy).map((x, f) => (k % 16 === 2 ? 0 : balanced(x, f, i)));
      random(some(), { domains: Array(limit).fill(bestDomain), features });
      return ["denominators of zero", {}];
    }
    filesWith(draw, policy, world, 1, { ages: [0], domains: [bestDomain], features: (file) => featuresAtEdges(draw, policy, schema, file, d) });
    return [`edges ${d < 0 ? "-" : "+"}${Math.abs(d)}`, {}];
  }
  if (v === 3) {
    random(some());
    const by = (k % 3) - 1;
    return [`cut-off ${by < 0 ? "-" : "+"}${Math.abs(by)}`, { fromLoss: by }];
  }
  if (v === 4) {
    switch (k % 8) {
      case 0: random(some(), { features: () => Array(20).fill(null) }); return ["everything missing", {}];
      case 1: return ["no files", {}];
      case 2: random(limit); return ["all files", {}];
      case 3: random(limit, { ages: Array.from({ length: limit }, (_, i) => (i + k) % 14), domains: Array(limit).fill(bestDomain) }); return ["decay by month", {}];
      case 4: random(limit, { features: () => Array(20).fill(MOST) }); return ["largest features", { fromLoss: -1 }];
      case 5: random(limit, { features: () => Array(20).fill(LEAST) }); return ["smallest features", { fromLoss: -1 }];
      case 6: random(limit, { ages: [4095, 12, 11, 13, 0, 1, 2] }); return ["old files", {}];
      default: {
        const below = new Set(policy.attributes.flatMap((a) => a.source.ratio?.b ?? []));
        const features = Array.from({ length: 20 }, (_, f) => (below.has(f) ? MOST : LEAST));
        random(limit, { ages: Array(limit).fill(0), domains: Array(limit).fill(bestDomain), features: () => features });
        return ["widest ratios", {}];
      }
    }
  }
  if (v === 5) {
    random(some(), { domains: Array(limit).fill(bestDomain) });
    return ["spoiled", { spoil: true }];
  }
  if (v === 6) {
    random(some());
    return k % 2 ? ["no loss allowed", { allowance: 0n }] : ["nearly all loss allowed", { allowance: worstLoss(policy) - 1n }];
  }
  random(some());
  return k % 5 < 3 ? ["spoiled", { spoil: true, fromLoss: k % 2 ? -1 : undefined }] : ["declined by one", { fromLoss: -1 }];
}

/** The world number `index`, with its purpose and wishes. */
export function worldOf(index, entries, schemas) {
  const [k, v] = [Math.floor(index / PER_POLICY), index % PER_POLICY];
  const draw = new Draw(10_000 + index);
  const entry = entries[k];
  const world = blank(draw, index, k, entry);
  const [name, wishes] = purpose(draw, k, v, world, entry, schemas[entry.schema]);
  const taken = new Set(world.files.map((f) => f.slot));
  world.slots = draw.subset(3, 511).filter((slot) => !taken.has(slot));
  // the person's counts are true where the policy asks for all files
  if (entry.policy.complete) {
    world.counts = world.counts.map((c, d) => (entry.policy.weights[d] > 0 ? world.files.filter((f) => f.domain === d).length : c));
  }
  return { draw, world, name, wishes };
}
