// The words of the pages of work masters.

/** @type {Record<string, string>} */
const counts = { counter: "The machine counts", operator: "Operators report" };

/** @type {Record<string, string>} */
const completes = { command: "A person completes it", target: "The quantity completes it", machine: "The machine completes it" };

export const masters = {
  title: "Work masters",
  search: "Search work masters, materials",
  none: "There is no work master yet.",
  noneHint: "Work masters come from engineering or the ERP, with the command StoreWorkMaster. Orders can be made without one.",
  noMatch: (/** @type {string} */ search) => `No work master matches “${search}”.`,
  noMatchHint: "Search by any part of its name, its material or its description.",
  clear: "Show all",
  cut: (/** @type {number} */ count) => `Only the first ${count} work masters are shown. Search for the others.`,
  problem: "The work masters could not be read.",
  oneProblem: "The work master could not be read.",
  unknown: "There is no such work master, or no such version of it.",
  unknownHint: "An order may name a work master that was never stored. The list shows those there are.",
  stale: "The work order service does not answer right now. What you see is the last it said.",
  back: "All work masters",
  master: "Work master",
  material: "Makes",
  version: "Version",
  versionOf: (/** @type {number} */ version) => `Version ${version}`,
  versions: "Versions",
  versionCount: (/** @type {number} */ count) => (count === 1 ? "1 version" : `${count} versions`),
  newest: (/** @type {number} */ version) => `newest: ${version}`,
  state: "State",
  effective: "Effective",
  from: "from",
  until: "until",
  always: "always",
  operations: "Operations",
  operationCount: (/** @type {number} */ count) => (count === 1 ? "1 operation" : `${count} operations`),
  operation: "Operation",
  unit: "Unit",
  stored: "Stored",
  standing: {
    inForce: "In force",
    coming: "Effective later",
    expired: "No longer effective",
    superseded: "Replaced by a newer one",
    stored: "Not effective",
    retired: "Retired",
  },
  standingLong: {
    inForce: "New job orders are made from it.",
    coming: "It may be used, and takes over when its time comes.",
    expired: "Its time is over; no new job order is made from it.",
    superseded: "It may be used, but a newer version comes first.",
    stored: "Nobody may use it yet.",
    retired: "Taken out of use for good; orders that were made from it keep it.",
  },
  compare: "Compare",
  compareWith: "Compare with",
  nothing: "nothing",
  comparing: (/** @type {number} */ shown, /** @type {number} */ against) =>
    `Version ${shown} against version ${against}: what is new is marked, what is gone is struck out.`,
  alike: (/** @type {number} */ shown, /** @type {number} */ against) => `The operations of version ${shown} are those of version ${against}.`,
  isNew: "new",
  isGone: "gone",
  columns: {
    after: "After",
    equipment: "Equipment class",
    personnel: "Personnel class",
    setup: "Setup",
    run: "Run a unit",
    takes: "Takes a unit",
    yields: "Yields a unit",
    rules: "Rules",
  },
  first: "first",
  outputPerUnit: (/** @type {string} */ output) => `${output} units of output`,
  rules: {
    counts,
    completes,
    declares: "Operators declare beside it",
    beginsByMachine: "The machine begins it",
    tolerance: (/** @type {string} */ tolerance) => `Quantity ${tolerance}`,
  },
  orders: "Open orders made from it",
  noOrders: "No open order is made from this work master.",
  ordersCut: (/** @type {number} */ count) => `The first ${count} are shown.`,
  noVersion: "without a version",
  keeps: (/** @type {number} */ version) => `version ${version}`,
  needs: "Making a version effective, or retiring it, needs a supervisor or an administrator.",
  confirm: {
    ActivateWorkMaster: {
      title: (/** @type {string} */ id, /** @type {number} */ version) => `Make version ${version} of ${id} effective?`,
      now: (/** @type {number | null} */ before) =>
        before === null
          ? "New job orders are made from it as soon as it is effective. It cannot be stored back."
          : `New job orders are made from the newest effective version, so far ${before}. Orders there are keep the version they were made from. It cannot be stored back.`,
      action: "Make effective",
    },
    RetireWorkMaster: {
      title: (/** @type {string} */ id, /** @type {number} */ version) => `Retire version ${version} of ${id}?`,
      now: () => "No new job order is made from it, for good. Orders that were made from it keep it and go on.",
      action: "Retire",
    },
  },
  done: {
    ActivateWorkMaster: (/** @type {string} */ id, /** @type {number} */ version) => `${id}: version ${version} is effective`,
    RetireWorkMaster: (/** @type {string} */ id, /** @type {number} */ version) => `${id}: version ${version} is retired`,
  },
};
