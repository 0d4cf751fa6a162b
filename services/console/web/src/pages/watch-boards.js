// Keeps the boards of some work centers fresh: when they come into sight, when something happens there, and every so often.

import { useEffect, useRef } from "preact/hooks";
import { boardAt, loadBoards, setDepth } from "../model/boards.js";
import { events } from "../model/namespace.js";
import { refreshed } from "./orders.jsx";

const REFRESH_MS = 15_000;
/** What is only scrolled past is not asked for. */
const PASSING_MS = 80;
/** Events after which a list says something else. */
const CHANGES = /^(JobOrder|JobList|Equipment|Rework|Hold|Labor)/;

/**
 * @param {readonly string[]} places
 * @param {number} depth how many orders of each queue
 */
export function useBoards(places, depth) {
  const key = places.join(" ");
  useEffect(() => {
    setDepth(depth);
    const missing = places.filter((place) => (boardAt(place).center?.queue.length ?? 0) < depth);
    const first = setTimeout(() => missing.length > 0 && void loadBoards(missing), PASSING_MS);
    const timer = setInterval(() => void loadBoards(places), REFRESH_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [key, depth]);
  const all = refreshed.value;
  const first = useRef(all);
  useEffect(() => {
    if (first.current === all) return;
    first.current = all;
    void loadBoards(places);
  }, [all]);
  const seen = useRef(events.peek()[0]?.id);
  const newest = events.value[0]?.id;
  useEffect(() => {
    const known = events.peek();
    const until = known.findIndex(({ id }) => id === seen.current);
    seen.current = newest;
    const changed = new Set((until < 0 ? known : known.slice(0, until)).filter(({ type }) => CHANGES.test(type)).map((event) => event.place));
    const touched = places.filter((place) => [...changed].some((each) => place === each || place.startsWith(`${each}/`)));
    if (touched.length > 0) void loadBoards(touched);
  }, [newest, key]);
}
