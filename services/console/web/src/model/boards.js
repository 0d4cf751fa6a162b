// The dispatch boards of work centers: only those in sight are asked for, several in one request, each kept with its age.

import { signal } from "@preact/signals";
import { Problem, ask } from "./api.js";

/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */

/**
 * @typedef {object} Board
 * @property {BoardCenter | null} center the last answer, kept while a new one is on its way
 * @property {Problem | null} problem
 */

/** Work centers in one request. */
const AT_ONCE = 10;
const GATHER_MS = 40;

/** @type {Map<string, import("@preact/signals").Signal<Board>>} */
const boards = new Map();
/** @type {Set<string>} */
const asked = new Set();
/** Newest request of each work center; an older answer is dropped. @type {Map<string, number>} */
const requests = new Map();
let limit = 20;
let count = 0;
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;
/** @type {Promise<void>} */
let flushing = Promise.resolve();

/** @param {string} place @returns {Board} subscribes the reader */
export function boardAt(place) {
  return slot(place).value;
}

/** How many orders of each queue are asked for. @param {number} wanted */
export function setDepth(wanted) {
  limit = wanted;
}

/** Ask for boards, together with others that are asked for in the same moment. @param {Iterable<string>} places @returns {Promise<void>} */
export function loadBoards(places) {
  for (const place of places) asked.add(place);
  if (timer === null) {
    flushing = new Promise((resolve) => {
      timer = setTimeout(() => {
        timer = null;
        void flush().then(resolve);
      }, GATHER_MS);
    });
  }
  return flushing;
}

async function flush() {
  const places = [...asked];
  asked.clear();
  const requested = [];
  for (let at = 0; at < places.length; at += AT_ONCE) requested.push(fetchSome(places.slice(at, at + AT_ONCE)));
  await Promise.all(requested);
}

/** @param {string[]} places */
async function fetchSome(places) {
  const request = (count += 1);
  for (const place of places) requests.set(place, request);
  const query = new URLSearchParams([...places.map((place) => ["place", place]), ["limit", String(limit)]]);
  try {
    /** @type {{ centers: BoardCenter[] }} */
    const answer = await ask("GET", `/api/dispatch?${query}`);
    for (const center of answer.centers) put(center.place, request, { center, problem: null });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    for (const place of places) put(place, request, { center: slot(place).peek().center, problem: error });
  }
}

/** @param {string} place @param {number} request @param {Board} board */
function put(place, request, board) {
  if (requests.get(place) === request) slot(place).value = board;
}

/** @param {string} place */
function slot(place) {
  let known = boards.get(place);
  if (!known) boards.set(place, (known = signal(/** @type {Board} */ ({ center: null, problem: null }))));
  return known;
}
