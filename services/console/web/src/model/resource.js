// Something fetched: loading, there, or failed; a newer request overtakes an older one.

import { signal } from "@preact/signals";
import { Problem, ask } from "./api.js";

/**
 * @template T
 * @typedef {object} Loaded
 * @property {T | null} data the last answer, kept while a new one is on its way
 * @property {boolean} loading
 * @property {Problem | null} problem
 */

/** @template T */
export class Resource {
  constructor() {
    /** @type {import("@preact/signals").Signal<Loaded<T>>} */
    this.state = signal({ data: null, loading: true, problem: null });
    this.address = "";
    /** What the data is about. */
    this.subject = "";
    /** @type {AbortController | null} */
    this.request = null;
  }

  /**
   * Fetch from an address; data about another subject is dropped at once.
   *
   * @param {string} address
   * @param {string} [subject] what stays the same while the address changes, such as all but the time
   */
  async load(address, subject = address) {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const kept = subject === this.subject ? this.state.peek().data : null;
    this.address = address;
    this.subject = subject;
    this.state.value = { data: kept, loading: true, problem: null };
    try {
      /** @type {T} */
      const data = await ask("GET", address, undefined, request.signal);
      if (this.request === request) this.state.value = { data, loading: false, problem: null };
    } catch (error) {
      if (this.request !== request || !(error instanceof Problem)) return;
      this.state.value = { data: kept, loading: false, problem: error };
    }
  }

  reload() {
    return this.address ? this.load(this.address, this.subject) : Promise.resolve();
  }
}
