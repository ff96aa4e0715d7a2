// Writes schemas.jsonl, policies.jsonl, vectors.jsonl and scoring.json: see README.md. Everything derives from written seeds: the same bytes come
// out every time. Fails if the model's two ways to score ever differ, or if an honest vector is refused.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { allowanceOf, filesOf, hex, policyId, policyInputs, schemaId } from "./encoding.mjs";
import { PER_POLICY, worldOf } from "./cases.mjs";
import { Draw, scoringCase } from "./draw.mjs";
import { judge, score } from "./model.mjs";
import { POLICIES, policies, schemas, withAllowance, worstLoss } from "./policies.mjs";
import { SPOILS, WORLDLY, allInputs, apply, build, reseal, settle } from "./worlds.mjs";

const VECTORS = POLICIES * PER_POLICY;
const CHUNKS = 100;
const CHUNK = 1000;

const json = (value) => JSON.stringify(value, (_, x) => (typeof x === "bigint" ? (x >= -(2n ** 53n) && x <= 2n ** 53n ? Number(x) : x.toString()) : x));
const write = (name, text) => writeFileSync(new URL(name, import.meta.url), text);
const lines = (items) => `${items.map(json).join("\n")}\n`;
const elementsDigest = (elements) => createHash("sha256").update(Buffer.from(elements.map(hex).join(""), "hex")).digest("hex");
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

// ---- Schemas and policies ----

write("schemas.jsonl", lines(schemas.map((schema) => ({ schema, id: schemaId(schema).toString("hex") }))));
write("policies.jsonl", lines(policies.map(({ schema, policy }) => {
  const groups = Object.entries(policyInputs(policy, schemas[schema]));
  check(groups.flatMap(([, g]) => g).length === 476, "476 inputs of a policy");
  return { schema, policy, id: policyId(policy).toString("hex"), inputs: Object.fromEntries(groups.map(([name, g]) => [name, elementsDigest(g)])) };
})));

// ---- Vectors ----

let nextSpoil = 0;
const names = Object.keys(SPOILS);

/** The cut-off that the purpose wishes, where the product allows it. */
function policyFor(world, wishes) {
  const { policy, schema } = policies[world.policy];
  let allowance = wishes.allowance ?? allowanceOf(policy);
  if (wishes.fromLoss !== undefined) {
    const files = build(world, policy).witness.files;
    const { rows } = score(policy, schemas[schema], files, world.request.map(BigInt), world.month);
    allowance = rows.reduce((sum, { loss }) => sum + loss, 0n) + BigInt(wishes.fromLoss);
  }
  const most = worstLoss(policy) - 1n;
  return withAllowance(policy, allowance < 0n ? 0n : allowance > most ? most : allowance);
}

/** Spoils the instance in the next way that applies. */
function spoil(world, policy, draw) {
  const schema = schemas[policies[world.policy].schema];
  for (;;) {
    const name = names[nextSpoil % names.length];
    nextSpoil += 1;
    const trial = structuredClone(world);
    const files = trial.files.length;
    const limit = filesOf(policy.circuit);
    let instance = build(trial, policy);
    settle(instance, policy, schema);
    const result = SPOILS[name]({ world: trial, policy, draw, limit, files, ...instance });
    if (!result && result !== "") continue;
    if (WORLDLY.includes(name)) instance = build(trial, policy);
    const changes = result === "reseal" ? [] : result;
    apply(changes, trial, instance);
    const timely = instance.witness.files.every((f) => f.month <= trial.month && trial.month - f.month < 4096);
    if (result === "reseal") reseal(instance, policy);
    else if (WORLDLY.includes(name) || (changes.length > 0 && name !== "another salt")) {
      instance.witness.verdict = { outcome: 0, reasons: [0, 0, 0, 0] };
      if (timely) settle(instance, policy, schema);
      else reseal(instance, policy);
    }
    const { clauses } = judge(allInputs(instance.publics, policy, schema), policy.circuit, instance.witness);
    if (clauses.length === 0) continue; // the change changed nothing, or nothing that is asked for
    return { world: trial, instance, name, changes, clauses };
  }
}

const rowOf = ({ index, value, bin, points, loss }) => [index, bin, points, loss, value && value.d !== 1n ? `${value.n}/${value.d}` : null];
/** A change is its name and three numbers. */
const padded = ([what, ...args]) => [what, [0, 1, 2].map((i) => args[i] ?? 0)];

function vector(index) {
  const made = worldOf(index, policies, schemas);
  const { draw, name, wishes } = made;
  const policy = policyFor(made.world, wishes);
  const schema = schemas[policies[made.world.policy].schema];
  const head = (world) => ({ case: name, cut_off: policy.cut_off, ...world });
  const body = ({ publics, witness, hashes }) => {
    const { outcome, reasons } = witness.verdict;
    const hash = (x) => (Array.isArray(x) ? x.map(hex) : hex(x));
    const { month, ...elements } = publics;
    return {
      public: Object.fromEntries(Object.entries(elements).map(([k, x]) => [k, hex(x)])),
      inputs: elementsDigest(allInputs(publics, policy, schema)),
      policy_id: policyId(policy).toString("hex"),
      verdict: [outcome, reasons],
      hashes: Object.fromEntries(Object.entries(hashes).map(([k, x]) => [k, hash(x)])),
    };
  };
  if (wishes.spoil) {
    const { world, instance, name: how, changes, clauses } = spoil(made.world, policy, draw);
    return { ...head(world), refused: { clauses, how, changes: changes.map(padded) }, ...body(instance) };
  }
  const instance = build(made.world, policy);
  settle(instance, policy, schema);
  const { witness, publics } = instance;
  const scored = score(policy, schema, witness.files, witness.request, made.world.month);
  const judged = judge(allInputs(publics, policy, schema), policy.circuit, witness);
  check(judged.clauses.length === 0, `vector ${index} is refused: ${judged.clauses}`);
  for (const { index: i, loss } of scored.rows) check(judged.losses[i] === loss, `vector ${index}: attribute ${i}`);
  const { weights, live, features, rows, total } = scored;
  return { ...head(made.world), ...body(instance), score: { weights, live, features, rows: rows.map(rowOf), total } };
}

const vectors = Array.from({ length: VECTORS }, (_, index) => vector(index));
write("vectors.jsonl", lines(vectors));

// ---- 100,000 scoring cases ----

const losses = ({ rows }) => Array.from({ length: 20 }, (_, i) => rows.find(({ index }) => index === i)?.loss ?? 0n);
function scoringChunk(chunk) {
  const draw = new Draw(chunk);
  const { policy, schema } = policies[chunk];
  const hash = createHash("sha256");
  const [worst, limit] = [worstLoss(policy), filesOf(policy.circuit)];
  for (let i = 0; i < CHUNK; i += 1) {
    const { files, request, allowance } = scoringCase(draw, policy, limit, worst);
    const month = 24_322;
    const dated = files.map((file) => ({ ...file, month: month - file.age }));
    const s = score(withAllowance(policy, allowance), schemas[schema], dated, request, month);
    const total = s.rows.reduce((sum, { loss }) => sum + loss, 0n);
    const features = s.features.map((x) => x ?? "-");
    const fields = [s.weights, [s.live], features, s.rows.map(({ bin }) => bin), losses(s), [total], [s.verdict.outcome], s.verdict.reasons];
    hash.update(`${fields.map((field) => field.join(",")).join("|")}\n`);
  }
  return hash.digest("hex");
}
write("scoring.json", `${JSON.stringify({ cases_per_chunk: CHUNK, chunks: Array.from({ length: CHUNKS }, (_, c) => scoringChunk(c)) }, null, 1)}\n`);

// ---- What was written ----

const tally = (items) => Object.entries(items.reduce((sum, x) => ({ ...sum, [x]: (sum[x] ?? 0) + 1 }), {})).map(([x, n]) => `${x} ${n}`).join(", ");
const refused = vectors.filter((v) => v.refused);
console.log(`${vectors.length} vectors, ${refused.length} refused: ${tally(refused.map((v) => v.refused.clauses.join(" + ")))}`);
console.log(`accepted: approved ${vectors.filter((v) => v.score && v.verdict[0]).length}, declined ${vectors.filter((v) => v.score && !v.verdict[0]).length}`);
console.log(`how: ${tally(refused.map((v) => v.refused.how))}`);
console.log(`cases: ${tally(vectors.map((v) => v.case))}`);
// ffjavascript keeps its curve objects alive; without this the process would not end.
process.exit(0);
