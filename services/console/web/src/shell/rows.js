// Which rows the tree shows: the open branches, or what a search finds. No drawing here.

/** @typedef {import("../types.d.ts").Place} Place */

/**
 * @typedef {object} Row
 * @property {Place} place
 * @property {number} depth
 * @property {boolean} hasChildren
 * @property {boolean} open
 * @property {string} trail the places above, for search results
 */

export const UNPLACED = "_unplaced";
const FOUND_AT_MOST = 200;

/**
 * @param {Map<string, Place[]>} children
 * @param {readonly string[]} roots
 * @param {ReadonlySet<string>} open
 * @returns {Row[]}
 */
export function openRows(children, roots, open) {
  /** @type {Row[]} */
  const rows = [];
  /** @param {Place} place @param {number} depth */
  const visit = (place, depth) => {
    const below = children.get(place.path) ?? [];
    const isOpen = open.has(place.path);
    rows.push({ place, depth, hasChildren: below.length > 0, open: isOpen, trail: "" });
    if (isOpen) for (const child of below) visit(child, depth + 1);
  };
  const all = [...children.values()].flat();
  for (const root of roots) {
    const place = all.find(({ path }) => path === root);
    if (place) visit(place, 0);
  }
  return rows;
}

/**
 * Places whose name holds every word of the query; a word may also match a place above it.
 *
 * @param {readonly Place[]} places
 * @param {string} query
 * @param {string} sitePath
 * @returns {Row[]} best first: a name that begins with the last word before one that holds it
 */
export function foundRows(places, query, sitePath) {
  const words = query.toLowerCase().split(/[\s/]+/).filter(Boolean);
  const last = words.at(-1) ?? "";
  /** @type {{ row: Row, rank: number }[]} */
  const found = [];
  for (const place of places) {
    if (place.path === UNPLACED || (sitePath.startsWith(place.path) && place.path !== sitePath)) continue;
    const path = spaced(place.path);
    const name = spaced(place.name);
    if (!words.every((word) => path.includes(word)) || !name.includes(last)) continue;
    const above = place.path.slice(0, place.path.lastIndexOf("/"));
    const trail = above.startsWith(sitePath) ? above.slice(sitePath.length + 1) : above.replace(`${UNPLACED}/`, "");
    found.push({
      row: { place, depth: 0, hasChildren: false, open: false, trail: trail.split("/").filter(Boolean).join(" › ") },
      rank: name.startsWith(last) ? 0 : 1,
    });
  }
  found.sort((a, b) => a.rank - b.rank || a.row.place.path.localeCompare(b.row.place.path));
  return found.slice(0, FOUND_AT_MOST).map(({ row }) => row);
}

/** "CasePacker2" is also found as "case packer" and "packer 2". @param {string} name */
const spaced = (name) => `${name} ${name.replace(/([a-z])([A-Z0-9])/g, "$1 $2").replace(/[_-]/g, " ")}`.toLowerCase();
