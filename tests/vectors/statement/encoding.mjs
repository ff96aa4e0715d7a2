// How things enter the field: tags, digests, canonical bytes; and a policy's one form as public inputs.
// From docs/statements/eligibility.md, "Notation", "Encodings" and "Public inputs".

import { createHash } from "node:crypto";
import { buildPoseidon } from "circomlibjs";

export const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
export const HALF = 1n << 39n; // features lie strictly between -HALF and HALF
export const FULL = 10_000n; // sums, weights and ratios are in 1/10,000
export const CIRCUITS = ["eligibility-1", "eligibility-3", "eligibility-7"];
export const filesOf = (circuit) => [1, 3, 7][CIRCUITS.indexOf(circuit)];
export const PLAIN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 19]; // attributes with packed rows
export const RATIO = [15, 16, 17, 18];

const poseidon = await buildPoseidon();
const ascii = (label) => BigInt(`0x${Buffer.from(label, "ascii").toString("hex")}`);
export const modP = (x) => ((x % P) + P) % P;
export const hex = (x) => x.toString(16).padStart(64, "0");
/** `H(tag; inputs)`. */
export const H = (tag, ...inputs) => poseidon.F.toObject(poseidon(inputs, ascii(tag), 1));

// ---- Digests ----

/** SHA-256 over label and parts, each after its length in eight little-endian bytes. */
export function digest(label, ...parts) {
  const hash = createHash("sha256");
  for (const part of [Buffer.from(label, "ascii"), ...parts]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(part.length));
    hash.update(length).update(part);
  }
  return hash.digest();
}
/** The first 248 bits of a digest, as a big-endian number. */
export const toField = (bytes) => BigInt(`0x${bytes.subarray(0, 31).toString("hex")}`);

// ---- Canonical bytes (borsh) ----

const u8 = (x) => Buffer.from([x]);
const u32 = (x) => Buffer.from(new Uint32Array([x]).buffer);
const i32 = (x) => Buffer.from(new Int32Array([x]).buffer);
const u64 = (x) => Buffer.from(new BigUint64Array([BigInt(x)]).buffer);
const text = (s) => Buffer.concat([u32(Buffer.byteLength(s)), Buffer.from(s)]);
const list = (items, one) => Buffer.concat([u32(items.length), ...items.map(one)]);
const option = (x, one) => (x === null ? u8(0) : Buffer.concat([u8(1), one(x)]));
const variant = (names, name) => u8(names.indexOf(name));

const KINDS = ["money", "count", "days", "months", "years", "code"];
export const RULES = ["sum-full", "sum-weighted", "max", "min"];
const feature = (f) =>
  Buffer.concat([text(f.name), text(f.unit), variant(KINDS, f.kind), variant(RULES, f.rule), list(f.categories, text)]);
const schemaBytes = (s) => Buffer.concat([text(s.name), u32(s.version), list(s.features, (f) => option(f, feature))]);

function sourceBytes(source) {
  if (source === "feature") return u8(0);
  if (source.request) return Buffer.concat([u8(1), list(source.request.categories, text)]);
  if (source.ratio) return Buffer.concat([u8(2), list(source.ratio.a, u8), list(source.ratio.b, u8)]);
  return u8(3);
}
const attributeBytes = (a) =>
  Buffer.concat([u8(a.index), text(a.name), sourceBytes(a.source), list(a.edges, i32), list(a.points, i32), i32(a.missing)]);
const policyBytes = (p) =>
  Buffer.concat([
    text(p.name), Buffer.from(p.owner, "hex"), Buffer.from(p.schema, "hex"), variant(CIRCUITS, p.circuit), i32(p.base_points),
    i32(p.cut_off), list(p.attributes, attributeBytes), Buffer.from(p.weights), Buffer.from(p.decay), u8(p.complete ? 1 : 0),
    u8(p.show_person ? 1 : 0), variant(["lender", "consortium"], p.scope),
  ]);

export const schemaId = (schema) => digest("probity/schema/v1", schemaBytes(schema));
export const policyId = (policy) => digest("probity/policy/v1", policyBytes(policy));
export const personOf = (name, salt) => toField(digest("probity/person/v1", Buffer.from(name), salt));

/** `H("scope"; owner, window)` of a policy. */
export function scopeOf(policy, chain, windowMonths, month) {
  const lender = policy.scope === "lender" ? [Buffer.from("lender"), Buffer.from(policy.owner, "hex")] : [Buffer.from("consortium")];
  return H("scope", toField(digest("probity/scope-owner/v1", chain, ...lender)), BigInt(Math.floor(month / windowMonths)));
}

/** The public input `context`. The parts but circuit, height and expiry are 32 bytes each. */
export const contextOf = ({ chain, circuit, lender, policy, height, nonce, expiry, responseUri, consentKey }) =>
  toField(digest("probity/context/v1", Buffer.concat([
    chain, text(circuit), lender, policy, u64(height), nonce, u64(expiry), responseUri, consentKey,
  ])));

// ---- A policy as public inputs ----

const rowPoints = (row) => [row.missing, ...row.points].map(BigInt);
export const best = (row) => rowPoints(row).reduce((a, b) => (a > b ? a : b));
export const worst = (row) => rowPoints(row).reduce((a, b) => (a < b ? a : b));
const losses = (row) => rowPoints(row).map((points) => best(row) - points);
export const allowanceOf = (policy) =>
  BigInt(policy.base_points) + policy.attributes.reduce((sum, row) => sum + best(row), 0n) - BigInt(policy.cut_off);

/** The width `w` of sums: a missing sum is `-2^w`. */
export const sumBits = (circuit) => [53n, 54n, 56n][CIRCUITS.indexOf(circuit)];

/** `{ missing, first, end }` of a plain attribute: the number for missing, and the interval of all others. */
export function numbersOf(circuit, index, takesMinimum) {
  const bound = index < 10 ? 1n << sumBits(circuit) : HALF;
  return { missing: takesMinimum ? bound : -bound, first: 1n - bound, end: bound };
}

const pack = ({ lo, hi, loss }) => modP(lo + (hi << 64n) + (loss << 128n));

/** The eleven rows of a plain attribute, missing first. */
function plainRows(circuit, index, takesMinimum, row) {
  const { missing, first, end } = numbersOf(circuit, index, takesMinimum);
  if (!row) {
    const [lo, hi] = takesMinimum ? [first, missing + 1n] : [missing, end];
    return Array(11).fill({ lo, hi, loss: 0n });
  }
  const inner = row.edges.map((edge) => BigInt(edge) * (index < 10 ? FULL : 1n));
  const bounds = [first, ...inner, end];
  const all = losses(row);
  const rows = [{ lo: missing, hi: missing + 1n, loss: all[0] }];
  for (let k = 1; k < all.length; k += 1) rows.push({ lo: bounds[k - 1], hi: bounds[k], loss: all[k] });
  while (rows.length < 11) rows.push(rows[rows.length - 1]);
  return rows;
}

/** The nine edges and eleven losses of an attribute that may be a ratio. */
function ratioRows(row) {
  if (!row) return { edges: Array(9).fill(0n), losses: Array(11).fill(0n) };
  const edges = row.edges.map(BigInt);
  const all = losses(row);
  const lastEdge = edges.length ? edges[edges.length - 1] : 0n;
  return { edges: Array.from({ length: 9 }, (_, k) => edges[k] ?? lastEdge), losses: Array.from({ length: 11 }, (_, k) => all[k] ?? all[all.length - 1]) };
}

/** The 476 public inputs of a policy, by the groups of the document's table. */
export function policyInputs(policy, schema) {
  const flag = (b) => (b ? 1n : 0n);
  const rule = (f) => schema.features[f]?.rule;
  const row = (i) => policy.attributes.find((a) => a.index === i);
  const numbers = (n) => Array.from({ length: n }, (_, i) => i);
  const slots = (i, side) => numbers(20).map((f) => flag(row(i)?.source.ratio?.[side].includes(f)));
  const minimum = (i) => i >= 10 && rule(i) === "min" && row(i)?.source !== "file-count";
  return {
    schema: [toField(Buffer.from(policy.schema, "hex"))],
    rules: numbers(20).map((f) => flag(rule(f) === (f < 10 ? "sum-weighted" : "min"))),
    weights: policy.weights.map(BigInt),
    decay: policy.decay.map(BigInt),
    complete: policy.weights.map((w) => flag(policy.complete && w > 0)),
    request: [6, 7, 8, 9].map((i) => flag(row(i)?.source.request)),
    file_count: [flag(row(19)?.source === "file-count")],
    ratio: RATIO.map((i) => flag(row(i)?.source.ratio)),
    chosen: ["a", "b"].flatMap((side) => RATIO.flatMap((i) => slots(i, side))),
    plain: PLAIN.flatMap((i) => plainRows(policy.circuit, i, minimum(i), row(i)).map(pack)),
    edges: RATIO.flatMap((i) => ratioRows(row(i)).edges.map(modP)),
    losses: RATIO.flatMap((i) => ratioRows(row(i)).losses),
    allowance: [allowanceOf(policy)],
    show_person: [flag(policy.show_person)],
  };
}
