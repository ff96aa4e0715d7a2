// Schemas and policies of the vectors: every kind of source, rule, weight, decay and row that the product allows.

import { CIRCUITS, allowanceOf, best, schemaId, worst } from "./encoding.mjs";
import { Draw } from "./draw.mjs";

export const POLICIES = 125;
const [LOWEST, HIGHEST] = [-(2 ** 31), 2 ** 31 - 1];

const codes = (n) => Array.from({ length: n }, (_, i) => `code ${i}`);

/** Six schemas: full ones with rules in different places, with category codes, and one with gaps. */
export const schemas = Array.from({ length: 6 }, (_, s) => {
  const draw = new Draw(1000 + s);
  const features = Array.from({ length: 20 }, (_, f) => {
    if (s === 5 && f % 3 === 1) return null;
    const code = f >= 10 && (s % 2 === 1 ? f % 4 === 0 : s === 4 && f % 4 === 3);
    const rule = f < 10 ? ["sum-full", "sum-weighted"][(f + s) % 2] : ["max", "min"][s === 0 ? Number(f >= 15) : draw.below(2)];
    const kind = code ? "code" : draw.pick(["money", "count", "days", "months", "years"]);
    const [name, unit] = s === 4 ? [`größe ${f}`, "€ cents"] : [`feature_${f}`, "units"];
    return { name, unit, kind, rule, categories: code ? codes(draw.between(1, 12)) : [] };
  });
  return { name: `vectors ${s}`, version: 1 + s * 7, features };
});

const isCode = (schema, f) => schema.features[f]?.kind === "code";

function sourceOf(draw, schema, index) {
  const choices = schema.features[index] ? ["feature"] : [];
  if (index >= 6 && index < 10) choices.push({ request: { categories: draw.chance(50) ? codes(draw.between(1, 12)) : [] } });
  if (index >= 15 && index < 19) {
    const usable = Array.from({ length: 20 }, (_, f) => f).filter((f) => schema.features[f] && !isCode(schema, f));
    const side = () => {
      const most = draw.pick([1, 1, 2, 4, usable.length]);
      return draw.subset(most, usable.length).map((i) => usable[i]);
    };
    const ratio = { ratio: { a: side(), b: side() } };
    choices.push(ratio, ratio);
  }
  if (index === 19) choices.push("file-count");
  return choices.length ? draw.pick(choices) : null;
}

/** Inner edges, strictly rising: `count` of them. */
function edgesOf(draw, count, source, code) {
  if (code || source.request?.categories.length || source === "file-count") return Array.from({ length: count }, (_, i) => i + 1);
  const style = draw.below(4);
  if (style === 0) return Array.from({ length: count }, (_, i) => (i - 3) * 5);
  const reach = [0, 40, 2_000_000, HIGHEST][style];
  const edges = new Set(style === 3 ? [LOWEST, HIGHEST].slice(0, count) : []);
  while (edges.size < count) edges.add(draw.between(-reach, reach));
  return [...edges].sort((a, b) => a - b);
}

/** Points by bin. `style` is the policy's: equal steps (so that losses tie), falling, anything, the widest spread, negative. */
function pointsOf(draw, bins, style) {
  if (style === 0) return Array.from({ length: bins }, (_, k) => 10 * (k % 4));
  if (style === 1) return Array.from({ length: bins }, (_, k) => 300 - 25 * k);
  if (style === 2) return Array.from({ length: bins }, () => draw.between(-60, 60));
  if (style === 3) return Array.from({ length: bins }, (_, k) => 999_999 - [0, 4095, draw.between(0, 4095)][Math.min(k, 2)]);
  return Array.from({ length: bins }, () => -draw.between(0, 2000));
}

const WEIGHTS = [
  () => Array(8).fill(100),
  (draw) => Array.from({ length: 8 }, () => draw.pick([0, 100])),
  (draw) => Array.from({ length: 8 }, () => draw.between(0, 100)),
  () => [100, 0, 0, 0, 0, 0, 0, 0],
  () => [100, 90, 80, 70, 60, 50, 1, 0],
];
const DECAYS = [
  () => Array(12).fill(100),
  () => [100, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5],
  () => [100, ...Array(11).fill(0)],
  (draw) => Array.from({ length: 12 }, (_, i) => (i === 0 ? 100 : draw.between(0, 100))),
  (draw) => Array.from({ length: 12 }, (_, i) => (i === 0 || i === 11 ? 1 : draw.pick([0, 1, 100]))),
];

function policy(k) {
  const draw = new Draw(2000 + k);
  const schemaIndex = Math.floor(k / 3) % schemas.length;
  const schema = schemas[schemaIndex];
  const complete = draw.chance(60);
  const style = Math.floor(k / 2) % 5;
  // one attribute, or the most, or anything between
  const wanted = k % 5 === 1 ? [Math.floor(k / 5) % 20] : k % 5 === 0 ? Array.from({ length: 20 }, (_, i) => i) : draw.subset(draw.between(2, 19), 20);
  const rows = [];
  for (const wish of wanted) {
    let [index, source] = [wish, sourceOf(draw, schema, wish)];
    while (source === null && wanted.length === 1) {
      index = (index + 1) % 20;
      source = sourceOf(draw, schema, index);
    }
    if (source === null) continue;
    const canBeMissing = source === "feature" || source.ratio !== undefined;
    const bins = k % 5 === 0 ? 10 : draw.pick([canBeMissing ? 1 : 6, 2, 3, 4, 5, 9, 10]);
    const edges = edgesOf(draw, bins - 1, source, source === "feature" && isCode(schema, index));
    const points = pointsOf(draw, bins, style);
    const lowest = Math.min(...points);
    const highest = Math.max(...points);
    const below = highest - lowest + 7 < 4096 && highest < 1_000_000 ? lowest - (bins === 1 ? 7 : draw.pick([0, 0, 7])) : lowest;
    const pick = draw.pick([below, highest, draw.pick(points)]);
    const missing = !canBeMissing ? draw.pick(points) : !complete || bins === 1 ? below : pick;
    rows.push({ index, name: `attribute ${index}`, source, edges, points, missing });
  }
  const out = {
    name: `policy ${k}`,
    owner: Buffer.alloc(32, 16 + k).toString("hex"),
    schema: schemaId(schema).toString("hex"),
    circuit: CIRCUITS[k % 3],
    base_points: draw.between(-500, 500),
    cut_off: 0,
    attributes: rows,
    weights: WEIGHTS[Math.floor(k / 3) % 5](draw),
    decay: DECAYS[Math.floor(k / 5) % 5](draw),
    complete,
    show_person: draw.chance(50),
    scope: draw.pick(["lender", "consortium"]),
  };
  if (out.weights.every((w) => w === 0)) out.weights[0] = 100;
  if (worstLoss(out) === 0n) rows.find((row) => row.source === "feature" || row.source.ratio !== undefined).missing -= 1;
  return { schema: schemaIndex, policy: withAllowance(out, draw.next() % worstLoss(out)) };
}

/** The sum of the worst losses: allowances lie below it. */
export const worstLoss = (p) => p.attributes.reduce((sum, row) => sum + best(row) - worst(row), 0n);
/** The policy with the cut-off that leaves this allowance. */
export function withAllowance(p, allowance) {
  const out = { ...p, cut_off: 0 };
  return { ...out, cut_off: Number(allowanceOf(out) - allowance) };
}

export const policies = Array.from({ length: POLICIES }, (_, k) => policy(k));
