// Who is signed in. `undefined` while that is not known yet, `null` when nobody is.

import { computed, signal } from "@preact/signals";
import { Problem, ask, useCsrfToken } from "./api.js";

/** @typedef {import("../types.d.ts").Session} Session */

/** @type {import("@preact/signals").Signal<Session | null | undefined>} */
export const session = signal(/** @type {Session | null | undefined} */ (undefined));

/** Why the session could not even be asked for. @type {import("@preact/signals").Signal<Problem | null>} */
export const sessionProblem = signal(/** @type {Problem | null} */ (null));

/** The site's path and zone; only read where somebody is signed in. */
export const site = computed(() => session.value?.site ?? { path: "", timeZone: "UTC" });

export async function findSession() {
  try {
    accept(await ask("GET", "/api/session"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) signedOut();
    else sessionProblem.value = error;
  }
}

/**
 * @param {string} user
 * @param {string} password
 * @throws {Problem}
 */
export async function signIn(user, password) {
  accept(await ask("POST", "/api/session", { user, password }));
}

export async function signOut() {
  try {
    await ask("DELETE", "/api/session");
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  signedOut();
}

export function signedOut() {
  useCsrfToken("");
  session.value = null;
}

/** @param {string} command such as `Begin` @param {string} [service] */
export const may = (command, service = "work_order") =>
  session.value?.commands.includes(`${service}/${command}`) ?? false;

/** @param {Session} found */
function accept(found) {
  useCsrfToken(found.csrfToken);
  sessionProblem.value = null;
  session.value = found;
}
