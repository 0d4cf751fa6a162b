// The site's reasons for units that are not good: those of its tree whose loss is defects, at start-up or later.

import { computed } from "@preact/signals";
import { text } from "../text/index.js";
import { Resource } from "./resource.js";

/** @typedef {{ code: string, name: string, parents: string[], loss: string | null, retired: boolean }} SiteReason */

const LOSSES = new Set(["process defects", "start-up losses"]);

/** @type {Resource<{ reasons: SiteReason[] }>} */
const tree = new Resource();

const all = computed(() => tree.state.value.data?.reasons ?? []);

/** Those a person may choose: the ends of the branches. */
export const defectReasons = computed(() => leaves(all.value));

/** Fetch the tree, once. */
export async function loadReasons() {
  if (tree.address === "" || tree.state.peek().problem) await tree.load("/api/reasons");
}

/** @param {string} code */
export const reasonName = (code) => all.value.find((reason) => reason.code === code)?.name ?? text.reasons[code] ?? code;

/** @param {readonly SiteReason[]} reasons @returns {SiteReason[]} */
export function leaves(reasons) {
  const parents = new Set(reasons.flatMap(({ parents: above }) => above));
  return reasons.filter(({ code, loss, retired }) => !retired && loss !== null && LOSSES.has(loss) && !parents.has(code));
}
