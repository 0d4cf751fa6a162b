// The site's reasons for units that are not good: those of its tree whose loss is defects, at start-up or later.

import { computed } from "@preact/signals";
import { reasons } from "./reasons.js";

/** @typedef {import("./reasons.js").Reason} Reason */

const LOSSES = new Set(["process defects", "start-up losses"]);

/** Those a person may choose. */
export const defectReasons = computed(() => ends(reasons.value));

/** The ends of the branches: what lies above them only gathers. @param {readonly Reason[]} tree @returns {Reason[]} */
export function ends(tree) {
  const above = new Set(tree.flatMap(({ parents }) => parents));
  return tree.filter(({ code, loss, retired }) => !retired && loss !== null && LOSSES.has(loss) && !above.has(code));
}
