// A world is what is committed: a person, its files, trees, a request. From a world to an instance (public inputs and witness), and the ways to
// spoil one. A world is plain JSON: it is what a vector stores.

import { HALF, P, contextOf, hex, personOf, policyId, policyInputs, schemaId, scopeOf, toField } from "./encoding.mjs";
import { element } from "./draw.mjs";
import {
  LEVELS, MISSING, REGISTRY_LEVELS, Tree, answerOf, commitment, fileLeaf, identityLeaf, nullifierOf, rootOf, score, slotLeaf,
} from "./model.mjs";
import { schemas } from "./policies.mjs";

const bytes = (index, name, n) => Buffer.from(hex(element(index, name)), "hex").subarray(32 - n);

/** Elements are drawn by name, but those that the world gives as an edge. */
const EDGES = { zero: 0n, one: 1n, last: P - 1n };
export const drawn = (world, name) => (world.edges?.[name] ? EDGES[world.edges[name]] : element(world.index, name));

/** Builds the instance of a world under a policy; the verdict is the true one. */
export function build(world, policy) {
  const { index } = world;
  const schema = schemas[world.registered];
  const schemaElement = toField(schemaId(schema));
  const sk = drawn(world, "sk");
  const witness = {
    sk,
    commitment: commitment(sk),
    position: world.position,
    person: personOf(`person ${index}`, bytes(index, "person", 16)),
    counts: world.counts,
    blinding: drawn(world, "blinding"),
    request: world.request.map(BigInt),
    salt: drawn(world, "salt"),
  };
  const neighbours = (name, positions) => positions.map((position, i) => [position, drawn(world, `${name}/${i}`)]);
  const leaf = identityLeaf(witness);
  const identities = new Tree(LEVELS, [...neighbours("neighbour", world.neighbours), [world.position, leaf]]);
  witness.path = identities.path(world.position);

  const hashes = { commitment: witness.commitment, identity_leaf: leaf, leaves: [], roots: [] };
  witness.files = world.files.map((f, k) => {
    const name = `file/${k}`;
    const file = {
      slot: f.slot, domain: f.domain, month: f.month,
      features: f.features.map((x) => (x === null ? MISSING : BigInt(x))),
      records: toField(bytes(index, `${name}/records`, 32)),
      blinding: drawn(world, `${name}/blinding`),
    };
    hashes.leaves.push(fileLeaf(file));
    if (f.neighbours) {
      file.path = new Tree(LEVELS, [...neighbours(`${name}/neighbour`, f.neighbours), [world.position, hashes.leaves[k]]]).path(world.position);
    } else {
      file.path = Array.from({ length: LEVELS }, (_, l) => Array.from({ length: 7 }, (_, i) => element(index, `${name}/sibling/${l}/${i}`)));
    }
    hashes.roots.push(rootOf(hashes.leaves[k], world.position, file.path));
    return file;
  });
  const slots = witness.files.map((file, k) => [file.slot, slotLeaf(file, schemaElement, hashes.roots[k])]);
  const registry = new Tree(REGISTRY_LEVELS, [...neighbours("slot", world.slots), ...slots]);
  for (const file of witness.files) file.registryPath = registry.path(file.slot);

  const digestNamed = (name) => bytes(index, name, 32);
  const scope = scopeOf(policy, digestNamed("chain"), world.window, world.month);
  const context = contextOf({
    chain: digestNamed("chain"), circuit: policy.circuit, lender: Buffer.from(policy.owner, "hex"), policy: policyId(policy), height: 1000 * index,
    nonce: digestNamed("nonce"), expiry: 1_795_219_200_000 + index, responseUri: digestNamed("uri"), consentKey: digestNamed("consent"),
  });
  const publics = {
    identity_root: identities.root, registry_root: registry.root, month: BigInt(world.month), scope,
    nullifier: nullifierOf(sk, scope), context: world.edges?.context ? drawn(world, "context") : context, answer: 0n,
  };
  return { publics, witness, hashes };
}

/** Sets verdict and answer to what follows from the witness. */
export function settle({ publics, witness }, policy, schema) {
  witness.verdict = score(policy, schema, witness.files, witness.request, Number(publics.month)).verdict;
  reseal({ publics, witness }, policy);
}
/** Sets the answer to the hash of the claimed verdict. */
export function reseal({ publics, witness }, policy) {
  publics.answer = answerOf({ ...witness, person: policy.show_person ? witness.person : 0n });
}

export const allInputs = (publics, policy, schema) => [...Object.values(publics), ...Object.values(policyInputs(policy, schema)).flat()];

const changed = (world) => element(world.index, "changed");

/**
 * The ways to spoil an instance, by name: each gives the changes of the witness as Rust can repeat them, or null if it does not apply.
 * `then` says what is made true again afterwards: "settle" verdict and answer, "reseal" the answer only, or nothing.
 */
export const SPOILS = {
  "another identity root": ({ world, publics }) => ((publics.identity_root = changed(world)), []),
  "another key": ({ world }) => (world.index % 2 ? [["secret"]] : [["secret"], ["commitment"]]),
  "another person": () => [["person"]],
  "fewer files counted": ({ world }) => [["count", 3, world.counts[3] ^ 1]],
  "an older blinding": () => [["blinding"]],
  "another position": ({ world }) => [["position", world.position ^ (world.index % 2 ? 1 : 1 << 24)]],
  "a neighbour of the leaf": () => [["path", 0, 6]],
  "a neighbour high up": () => [["path", 8, 0]],
  "another registry root": ({ world, publics, files }) => files && ((publics.registry_root = changed(world)), []),
  "a kinder feature": ({ files, draw }) => files && [["feature", draw.below(files), draw.below(20), draw.between(10, 99)]],
  "a feature left out": ({ world, files }) => {
    const at = files ? world.files[files - 1].features.findIndex((x) => x !== null) : -1;
    return at >= 0 && [["missing", files - 1, at]];
  },
  "other records": ({ files }) => files && [["records", files - 1]],
  "another file blinding": ({ files }) => files && [["file-blinding", 0]],
  "a younger file": ({ world, files }) => files && world.files[0].month < world.month && [["file-month", 0, world.files[0].month + 1]],
  "another domain": ({ world, files }) => files && [["domain", 0, (world.files[0].domain + 1) % 8]],
  "another slot": ({ world, files }) => files && world.files[0].slot > 0 && [["slot", 0, world.files[0].slot - 1]],
  "a neighbour in the file tree": ({ files, draw }) => files && [["file-path", files - 1, draw.below(9), draw.below(7)]],
  "a neighbour in the registry": ({ files, draw }) => files && [["registry-path", 0, draw.below(3), draw.below(7)]],
  "falling slots": ({ files }) => files > 1 && [["swap", 0, files - 1]],
  "a file twice": ({ files, limit }) => files && files < limit && [["repeat", 0]],
  "another schema": ({ world, files }) => files && ((world.registered = (world.registered + 1) % schemas.length), []),
  "too many files": ({ world, files, limit }) => {
    if (files !== limit || world.files[files - 1].slot === 511) return null;
    world.files.push({ ...world.files[0], slot: 511 });
    return [];
  },
  "a file from the future": ({ world, files, draw }) => {
    if (!files || world.month > 60_000) return null; // a month has sixteen bits
    world.files[draw.below(files)].month = world.month + draw.pick([1, 1, 12, 5000]);
    return [];
  },
  "a file too old": ({ world, files, draw }) => {
    if (!files || world.month < 4096) return null;
    world.files[draw.below(files)].month = world.month - draw.pick([4096, 4097, 8191]);
    return [];
  },
  "a request attribute too large": ({ draw }) => [["request", draw.below(4), Number(HALF) + draw.pick([0, 0, 1, 2 ** 40])]],
  "a request attribute too small": ({ draw }) => [["request", draw.below(4), -Number(HALF) - draw.pick([1, 1, 2, 2 ** 40])]],
  "the other outcome": ({ witness: w }) => ((w.verdict = { outcome: 1 - w.verdict.outcome, reasons: [0, 0, 0, 0] }), "reseal"),
  "reasons in another order": ({ witness: w }) => {
    const [r1, r2, ...rest] = w.verdict.reasons;
    return r2 > 0 && ((w.verdict = { ...w.verdict, reasons: [r2, r1, ...rest] }), "reseal");
  },
  "a reason left out": ({ witness: w }) => {
    if (w.verdict.reasons[0] === 0) return null;
    const given = w.verdict.reasons.filter((r) => r > 0).slice(0, -1);
    w.verdict = { ...w.verdict, reasons: [0, 1, 2, 3].map((i) => given[i] ?? 0) };
    return "reseal";
  },
  "approved with a reason": ({ witness: w }) => w.verdict.outcome && ((w.verdict = { outcome: 1, reasons: [1, 0, 0, 0] }), "reseal"),
  "another answer": ({ world, publics }) => ((publics.answer = changed(world)), []),
  "another salt": () => [["salt"]],
  "the person hidden or shown": ({ publics, witness, policy }) =>
    ((publics.answer = answerOf({ ...witness, person: policy.show_person ? 0n : witness.person })), []),
  "another request answered": ({ publics, witness, policy }) => {
    const request = [...witness.request.slice(0, 3), witness.request[3] === 0n ? 1n : 0n];
    publics.answer = answerOf({ ...witness, request, person: policy.show_person ? witness.person : 0n });
    return [];
  },
  "a file not used": ({ world, policy, files, draw }) => {
    const flagged = world.files.flatMap((f, i) => (policy.complete && policy.weights[f.domain] > 0 ? [i] : []));
    return files && flagged.length && [["drop", draw.pick(flagged)]];
  },
  "one more file held": ({ world, policy }) => {
    const d = policy.weights.findIndex((w) => policy.complete && w > 0);
    return d >= 0 && ((world.counts[d] += 1), []);
  },
  "another nullifier": ({ world, publics }) => ((publics.nullifier = changed(world)), []),
  "another scope": ({ world, publics }) => ((publics.scope = changed(world)), []),
};
/** Spoils that change the world, so that the instance has to be built after them. */
export const WORLDLY = ["another schema", "too many files", "a file from the future", "a file too old", "one more file held"];

/** Repeats the changes on a witness. */
export function apply(changes, world, { publics, witness: w }) {
  const other = changed(world);
  for (const [what, ...args] of changes) {
    const [k, i, x] = args;
    if (what === "secret") [w.sk, publics.nullifier] = [other, nullifierOf(other, publics.scope)];
    else if (what === "commitment") w.commitment = commitment(other);
    else if (what === "person") w.person = other;
    else if (what === "count") w.counts = w.counts.map((c, d) => (d === k ? i : c));
    else if (what === "blinding") w.blinding = other;
    else if (what === "position") w.position = k;
    else if (what === "path") w.path[k][i] = other;
    else if (what === "feature") w.files[k].features[i] = BigInt(x);
    else if (what === "missing") w.files[k].features[i] = MISSING;
    else if (what === "records") w.files[k].records = toField(Buffer.from(hex(other), "hex"));
    else if (what === "file-blinding") w.files[k].blinding = other;
    else if (what === "file-month") w.files[k].month = i;
    else if (what === "domain") w.files[k].domain = i;
    else if (what === "slot") w.files[k].slot = i;
    else if (what === "file-path") w.files[k].path[i][x] = other;
    else if (what === "registry-path") w.files[k].registryPath[i][x] = other;
    else if (what === "swap") [w.files[k], w.files[i]] = [w.files[i], w.files[k]];
    else if (what === "repeat") w.files.splice(k + 1, 0, w.files[k]);
    else if (what === "request") w.request[k] = BigInt(i);
    else if (what === "salt") w.salt = other;
    else if (what === "drop") w.files.splice(k, 1);
    else throw new Error(what);
  }
}
