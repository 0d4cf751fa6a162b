// Work masters as people read them: what state a version is in for them, an operation in lines of text, what differs between versions.

import { decimal, duration, percent, sensible, unitSymbol } from "../format.js";
import { text } from "../text/index.js";

/** @typedef {import("../types.d.ts").MasterVersion} MasterVersion */
/** @typedef {import("../types.d.ts").RouteOperation} RouteOperation */
/** @typedef {import("../types.d.ts").RouteMaterial} RouteMaterial */
/** @typedef {import("../types.d.ts").WorkMaster} WorkMaster */

/** @typedef {"inForce" | "coming" | "expired" | "superseded" | "stored" | "retired"} Standing */

/**
 * Where a version stands. What is in force is the service's word; dates only tell why an active version is not.
 *
 * @param {Pick<MasterVersion, "version" | "state" | "effectiveFrom" | "effectiveUntil">} version
 * @param {number | null} inForce the version in force
 * @param {number} now ms
 * @returns {Standing}
 */
export function standingOf(version, inForce, now) {
  if (version.version === inForce) return "inForce";
  if (version.state === "Stored") return "stored";
  if (version.state === "Retired") return "retired";
  if (version.effectiveFrom && Date.parse(version.effectiveFrom) > now) return "coming";
  if (version.effectiveUntil && Date.parse(version.effectiveUntil) <= now) return "expired";
  return "superseded";
}

/** What may be done with a version, by its state. @param {MasterVersion["state"]} state @returns {"ActivateWorkMaster" | "RetireWorkMaster" | null} */
export const changeOf = (state) => (state === "Stored" ? "ActivateWorkMaster" : state === "Active" ? "RetireWorkMaster" : null);

/** @param {{ operation: string, rule: string, quantity: string | null }} before */
export const predecessorOf = ({ operation, rule, quantity }) =>
  rule === "Overlap" && quantity ? text.work.order.overlap(operation, decimal(quantity)) : operation;

/** @param {{ underTolerance: string | null, overTolerance: string | null }} of @returns {string} such as "+2% / −1%"; empty where any quantity will do */
export function toleranceOf({ underTolerance, overTolerance }) {
  const over = overTolerance === null ? "" : `+${percent(Number(overTolerance), 0)}`;
  const under = underTolerance === null ? "" : `−${percent(Number(underTolerance), 0)}`;
  return [over, under].filter(Boolean).join(" / ");
}

/** @param {RouteMaterial} material @returns {string} how much of what one unit takes or yields, and how exactly */
export function materialOf(material) {
  const amount = `${decimal(material.quantity)} ${unitSymbol(material.unit)}`.trim();
  const tolerance = toleranceOf(material);
  return `${amount} ${material.material}${tolerance ? ` (${tolerance})` : ""}`;
}

const TAKEN = new Set(["Consumed", "Consumable"]);

/** The columns of an operation, each in lines. @type {readonly { name: keyof typeof text.masters.columns, lines: (operation: RouteOperation) => string[] }[]} */
export const COLUMNS = [
  { name: "after", lines: (of) => of.predecessors.map(predecessorOf) },
  { name: "equipment", lines: (of) => listed(of.equipmentClass) },
  { name: "personnel", lines: (of) => listed(of.personnelClass) },
  { name: "setup", lines: (of) => listed(of.setupS && duration(Number(of.setupS) * 1000)) },
  { name: "run", lines: (of) => listed(of.runS && `${sensible(Number(of.runS))} s`) },
  { name: "takes", lines: (of) => of.materials.filter(({ use }) => TAKEN.has(use)).map(materialOf) },
  {
    name: "yields",
    lines: (of) => [
      ...(Number(of.outputPerUnit) === 1 ? [] : [text.masters.outputPerUnit(decimal(of.outputPerUnit))]),
      ...of.materials.filter(({ use }) => !TAKEN.has(use)).map(materialOf),
    ],
  },
  { name: "rules", lines: rulesOf },
];

/** @param {RouteOperation} of */
function rulesOf(of) {
  const words = text.masters.rules;
  return [
    ...listed(of.quantitySource && words.counts[of.quantitySource]),
    ...(of.operatorDeclares ? [words.declares] : []),
    ...(of.beginsBy === "machine" ? [words.beginsByMachine] : []),
    ...listed(of.completesBy && words.completes[of.completesBy]),
    words.tolerance(toleranceOf(of)),
  ];
}

/** @param {string | null | undefined} line */
const listed = (line) => (line ? [line] : []);

/** @typedef {{ line: string, change: "same" | "new" | "gone" }} Line */

/**
 * @param {readonly string[]} lines
 * @param {readonly string[] | null} others what the other version says; null where nothing is compared
 * @returns {Line[]}
 */
export function compared(lines, others) {
  if (others === null) return lines.map((line) => ({ line, change: "same" }));
  return [
    ...others.filter((line) => !lines.includes(line)).map((line) => /** @type {Line} */ ({ line, change: "gone" })),
    ...lines.map((line) => /** @type {Line} */ ({ line, change: others.includes(line) ? "same" : "new" })),
  ];
}

/**
 * The operations of a version in the order of the route; those that only the other version has stand where they stood there.
 *
 * @param {WorkMaster} shown
 * @param {WorkMaster | null} against
 * @returns {{ operation: RouteOperation, other: RouteOperation | null, change: "same" | "new" | "gone" }[]}
 */
export function operationsOf(shown, against) {
  const others = new Map(against?.operations.map((operation) => [operation.id, operation]));
  /** @type {ReturnType<typeof operationsOf>} */
  const rows = shown.operations.map((operation) => {
    const other = others.get(operation.id) ?? null;
    return { operation, other, change: against && !other ? "new" : "same" };
  });
  for (const [index, operation] of (against?.operations ?? []).entries()) {
    if (shown.operations.some(({ id }) => id === operation.id)) continue;
    const before = against?.operations[index - 1]?.id;
    const at = rows.findIndex((row) => row.operation.id === before) + 1;
    rows.splice(at, 0, { operation, other: null, change: "gone" });
  }
  return rows;
}
