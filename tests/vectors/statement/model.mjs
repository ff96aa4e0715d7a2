// The eligibility statement, written from docs/statements/eligibility.md on circomlibjs's Poseidon and JavaScript's integers, apart from the
// product's code.
//
// Plain and slow on purpose: no constant shape, one function a paragraph of the document. It has scoring twice: `score` reads a policy as a
// lender writes it (points, bins, cut-off), `judge` reads nothing but the 483 public inputs and the witness. The generator refuses to write where they differ.

import { FULL, H, HALF, P, PLAIN, RATIO, best, filesOf, modP, numbersOf } from "./encoding.mjs";

export const LEVELS = 9; // identity and file trees
export const REGISTRY_LEVELS = 3;
export const MISSING = null;

// ---- Trees: 8-ary, empty leaf 0; the lowest three bits of a position choose the child of the lowest node ----

const node = (children) => H("node", ...children);
const empty = [0n];
for (let l = 0; l < LEVELS; l += 1) empty.push(node(Array(8).fill(empty[l])));

export class Tree {
  /** Every leaf not among `leaves` ([position, leaf] pairs) is 0. */
  constructor(levels, leaves) {
    this.rows = [new Map(leaves)];
    for (let l = 0; l < levels; l += 1) {
      const above = new Map();
      for (const index of this.rows[l].keys()) {
        const parent = Math.floor(index / 8);
        if (!above.has(parent)) above.set(parent, node(Array.from({ length: 8 }, (_, i) => this.at(l, 8 * parent + i))));
      }
      this.rows.push(above);
    }
    this.root = this.at(levels, 0);
  }
  at(level, index) {
    return this.rows[level].get(index) ?? empty[level];
  }
  /** The seven siblings of each level on the way up, lowest first. */
  path(position) {
    return this.rows.slice(0, -1).map((_, l) => {
      const index = Math.floor(position / 8 ** l);
      const first = index - (index % 8);
      return Array.from({ length: 8 }, (_, i) => first + i).filter((i) => i !== index).map((i) => this.at(l, i));
    });
  }
}

/** The root over `leaf` at `position` with the siblings of `path`. */
export function rootOf(leaf, position, path) {
  let hash = leaf;
  for (const [l, siblings] of path.entries()) {
    const digit = Math.floor(position / 8 ** l) % 8;
    hash = node([...siblings.slice(0, digit), hash, ...siblings.slice(digit)]);
  }
  return hash;
}

// ---- What is committed ----

/** Eight 6-bit numbers, domain 0 in the lowest bits. */
const packCounts = (counts) => counts.reduce((sum, count, d) => sum + (BigInt(count) << BigInt(6 * d)), 0n);
/** Twenty 40-bit numbers, five an element, the first in the lowest bits; missing is 0. */
const packFeatures = (features) =>
  [0, 1, 2, 3].map((k) =>
    features.slice(5 * k, 5 * k + 5).reduce((sum, x, i) => sum + ((x === MISSING ? 0n : x + HALF) << BigInt(40 * i)), 0n));

export const commitment = (sk) => H("identity", sk);
export const identityLeaf = (w) => H("identity-leaf", w.commitment, w.person, packCounts(w.counts), w.blinding);
export const fileLeaf = ({ features, records, blinding }) => H("file", ...packFeatures(features), records, blinding);
export const slotLeaf = ({ domain, month }, schema, root) => H("root", BigInt(domain), BigInt(month), schema, root);
export const nullifierOf = (sk, scope) => H("nullifier", sk, scope);
const packVerdict = ({ outcome, reasons }) =>
  reasons.reduce((sum, reason, i) => sum + 2n * (BigInt(reason) << BigInt(5 * i)), BigInt(outcome));
export const answerOf = ({ verdict, person, request, salt }) => H("answer", packVerdict(verdict), person, ...request.map(modP), salt);

// ---- Scoring, from a policy as a lender writes it ----

/** A file's weight in 1/10,000. */
export function weightOf({ weights, decay }, file, month) {
  const age = month - file.month;
  return age < 12 ? BigInt(weights[file.domain]) * BigInt(decay[age]) : 0n;
}

/** The consolidated features over the live files; sums in 1/10,000, the others in their unit. */
export function consolidate(rules, files, weights) {
  const live = files.map((file, i) => ({ file, w: weights[i] })).filter(({ w }) => w > 0n);
  return rules.map((rule, f) => {
    const present = live.filter(({ file }) => file.features[f] !== MISSING).map(({ file, w }) => ({ x: file.features[f], w }));
    if (present.length === 0) return MISSING;
    const pick = (better) => present.map(({ x }) => x).reduce((chosen, x) => (better(x, chosen) ? x : chosen));
    switch (rule) {
      case "sum-full": return present.reduce((sum, { x }) => sum + x * FULL, 0n);
      case "sum-weighted": return present.reduce((sum, { x, w }) => sum + x * w, 0n);
      case "max": return pick((x, chosen) => x > chosen);
      case "min": return pick((x, chosen) => x < chosen);
      default: throw new Error(`rule ${rule}`);
    }
  });
}

/** A ratio as a fraction { n, d }: `10,000 a / b`; missing if a chosen feature is, or `b <= 0`. */
function ratioOf(a, b, features) {
  if ([...a, ...b].some((f) => features[f] === MISSING)) return MISSING;
  const inFull = (f) => features[f] * (f < 10 ? 1n : FULL);
  const sum = (slots) => slots.reduce((total, f) => total + inFull(f), 0n);
  const d = sum(b);
  return d > 0n ? { n: FULL * sum(a), d } : MISSING;
}

/** The number of an attribute as a fraction { n, d } with d > 0, or missing. */
function valueOf({ index, source }, features, live, request) {
  const whole = (n) => (n === MISSING ? MISSING : { n, d: 1n });
  if (source === "feature") return whole(features[index]);
  if (source === "file-count") return whole(BigInt(live));
  if (source.request) return whole(request[index - 6] * FULL);
  return ratioOf(source.ratio.a, source.ratio.b, features);
}

/** Bin 0 is missing; bin k holds the numbers from inner edge k - 1 up to, not including, edge k. */
function binOf(row, value) {
  if (value === MISSING) return 0;
  const scale = row.index < 10 ? FULL : 1n; // edges are in the feature's unit
  return 1 + row.edges.filter((edge) => BigInt(edge) * scale * value.d <= value.n).length;
}

/** What the policy says of the files: weights, consolidated features, bins, points, total, verdict. */
export function score(policy, schema, files, request, month) {
  const weights = files.map((file) => weightOf(policy, file, month));
  const live = weights.filter((w) => w > 0n).length;
  const rules = Array.from({ length: 20 }, (_, f) => schema.features[f]?.rule ?? (f < 10 ? "sum-full" : "max"));
  const features = consolidate(rules, files, weights);
  const rows = policy.attributes.map((row) => {
    const value = valueOf(row, features, live, request);
    const bin = binOf(row, value);
    const points = BigInt([row.missing, ...row.points][bin]);
    return { index: row.index, value, bin, points, loss: best(row) - points };
  });
  const total = rows.reduce((sum, { points }) => sum + points, BigInt(policy.base_points));
  const outcome = total >= BigInt(policy.cut_off) ? 1 : 0;
  return { weights, live, features, rows, total, verdict: verdictOf(outcome, rows) };
}

/** Reasons: the four largest losses above 0, the lower index first where they are equal. */
function verdictOf(outcome, rows) {
  const causes = rows.filter(({ loss }) => loss > 0n).sort((x, y) => (x.loss === y.loss ? x.index - y.index : x.loss < y.loss ? 1 : -1));
  return { outcome, reasons: [0, 1, 2, 3].map((i) => (outcome === 0 && i < causes.length ? causes[i].index + 1 : 0)) };
}

// ---- The clauses, from the public inputs ----

/** The table "Public inputs" read backwards. */
function readInputs(inputs) {
  let place = 0;
  const take = (n) => inputs.slice(place, (place += n));
  const flags = (n) => take(n).map((x) => x === 1n);
  const sets = () => RATIO.map(() => flags(20).flatMap((chosen, f) => (chosen ? [f] : [])));
  const out = {};
  [out.identityRoot, out.registryRoot, out.month, out.scope, out.nullifier, out.context, out.answer] = take(7);
  [out.schema] = take(1);
  [out.weighted, out.minimum] = [flags(10), flags(10)];
  [out.weights, out.decay] = [take(8), take(12)];
  [out.complete, out.fromRequest, [out.fileCount], out.isRatio] = [flags(8), flags(4), flags(1), flags(4)];
  [out.a, out.b] = [sets(), sets()];
  out.plain = PLAIN.map(() => take(11).map(unpack));
  const edges = RATIO.map(() => take(9).map(signed));
  out.ratio = RATIO.map((_, k) => ({ edges: edges[k], losses: take(11) }));
  [out.allowance] = take(1);
  [out.showPerson] = flags(1);
  if (place !== inputs.length) throw new Error(`${inputs.length} public inputs`);
  return out;
}
const signed = (x) => (2n * x > P ? x - P : x);
function unpack(x) {
  const whole = signed(x);
  const lo = BigInt.asIntN(64, whole);
  const hi = BigInt.asIntN(64, (whole - lo) >> 64n);
  return { lo, hi, loss: (whole - lo - (hi << 64n)) >> 128n };
}

/** The losses and the verdict that the public inputs lead to. */
function scoreInputs(p, circuit, files, request) {
  const weights = files.map((file) => weightOf(p, file, Number(p.month)));
  const live = weights.filter((w) => w > 0n).length;
  const rules = [...p.weighted.map((w) => (w ? "sum-weighted" : "sum-full")), ...p.minimum.map((m) => (m ? "min" : "max"))];
  const features = consolidate(rules, files, weights);
  const lossOf = (i) => {
    if (PLAIN.includes(i)) {
      let x = features[i] ?? numbersOf(circuit, i, i >= 10 && p.minimum[i - 10]).missing;
      if (i >= 6 && i < 10 && p.fromRequest[i - 6]) x = request[i - 6] * FULL;
      if (i === 19 && p.fileCount) x = BigInt(live);
      const hits = p.plain[PLAIN.indexOf(i)].filter(({ lo, hi }) => lo <= x && x < hi);
      if (hits.length === 0 || hits.some(({ loss }) => loss !== hits[0].loss)) throw new Error(`attribute ${i}: not one bin`);
      return hits[0].loss;
    }
    const k = i - 15;
    const { edges, losses } = p.ratio[k];
    const value = p.isRatio[k] ? ratioOf(p.a[k], p.b[k], features) : features[i] === MISSING ? MISSING : { n: features[i], d: 1n };
    if (value === MISSING) return losses[0];
    const inBin = (bin) => (bin === 1 || edges[bin - 2] * value.d <= value.n) && (bin === 10 || value.n < edges[bin - 1] * value.d);
    const bins = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter(inBin);
    if (bins.length !== 1) throw new Error(`attribute ${i}: bins ${bins}`);
    return losses[bins[0]];
  };
  const rows = Array.from({ length: 20 }, (_, index) => ({ index, loss: lossOf(index) }));
  const total = rows.reduce((sum, { loss }) => sum + loss, 0n);
  return { losses: rows.map(({ loss }) => loss), ...verdictOf(total <= p.allowance ? 1 : 0, rows) };
}

/**
 * The clauses that do not hold, in the order of the document, and the losses. Files of a wrong age and request attributes out of range cannot
 * be scored: then there are no losses, and the verdict is not judged.
 * witness: { sk, commitment, position, person, counts, blinding, path, files: [{ slot, domain, month, features, records, blinding, path,
 * registryPath }], request, verdict, salt }
 */
export function judge(inputs, circuit, witness) {
  const p = readInputs(inputs);
  const { files, position, request, verdict } = witness;
  const clauses = new Set();
  const must = (holds, clause) => holds || clauses.add(clause);

  must(commitment(witness.sk) === witness.commitment, "identity");
  must(rootOf(identityLeaf(witness), position, witness.path) === p.identityRoot, "identity");

  must(files.length <= filesOf(circuit), "files");
  for (const [i, file] of files.entries()) {
    must(i === 0 || files[i - 1].slot < file.slot, "files");
    const leaf = slotLeaf(file, p.schema, rootOf(fileLeaf(file), position, file.path));
    must(rootOf(leaf, file.slot, file.registryPath) === p.registryRoot, "files");
  }

  const ages = files.map((file) => p.month - BigInt(file.month));
  must(ages.every((age) => age >= 0n && age < 4096n), "weights");
  must(request.every((r) => r >= -HALF && r < HALF), "attributes");

  let losses = null;
  if (!clauses.has("weights") && !clauses.has("attributes")) {
    const scored = scoreInputs(p, circuit, files, request);
    losses = scored.losses;
    must(scored.outcome === verdict.outcome && scored.reasons.join() === verdict.reasons.join(), "verdict");
    must(answerOf({ ...witness, person: p.showPerson ? witness.person : 0n }) === p.answer, "verdict");
  }

  for (let d = 0; d < 8; d += 1) {
    must(!p.complete[d] || files.filter((file) => file.domain === d).length === witness.counts[d], "completeness");
  }
  must(nullifierOf(witness.sk, p.scope) === p.nullifier, "nullifier");
  return { clauses: [...clauses], losses };
}
