// Talking to the console's own HTTP interface: JSON in and out, problems as one kind of error.

/** @typedef {import("../types.d.ts").Session} Session */

/** An answer that is not the one hoped for: `status` 0 means that there was no answer at all. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {Record<string, unknown>} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

let csrfToken = "";

/** @param {string} token */
export function useCsrfToken(token) {
  csrfToken = token;
}

/**
 * Ask the server.
 *
 * @template T
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} address
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {Problem}
 */
export async function ask(method, address, body, signal) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(address, {
      method,
      signal,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(method === "GET" ? {} : { "x-csrf-token": csrfToken }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "The console does not answer.");
  }
  const text = await response.text();
  const data = parse(text);
  if (response.ok) return /** @type {T} */ (data);
  const { code = "http", message = `The console answered ${response.status}.`, ...more } = data?.error ?? {};
  throw new Problem(response.status, code, message, more);
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
