/** What the console's HTTP interface says, and what the page keeps of it. */

export type StateName =
  | "running"
  | "idle"
  | "setup"
  | "planned_stop"
  | "unplanned_stop"
  | "blocked"
  | "unknown";

export type Role = "viewer" | "operator" | "supervisor" | "engineer" | "admin";

export interface Session {
  user: { id: string; name: string; role: Role };
  /** `service/Command` */
  commands: string[];
  csrfToken: string;
  site: { path: string; timeZone: string };
  version: string;
}

export interface Place {
  path: string;
  name: string;
  level: string;
  kind: string;
  description: string;
  /** Of what a work center makes. */
  unit: string;
  order: number;
  shown: StateName | null;
  state: StateName | null;
  detail: string | null;
  reason: string | null;
  since: string | null;
  stale: boolean;
  counts: Partial<Record<StateName, number>>;
  metrics: number;
  staleMetrics: number;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface Metric {
  place: string;
  metric: string;
  value: Json;
  unit: string | null;
  quality: number;
  timestamp: string | null;
  source: string;
}

export interface Gone {
  gone: true;
}

export interface EdgeNode {
  id: string;
  groupId: string;
  edgeNodeId: string;
  kind: "mes" | "machine";
  state: "online" | "stale" | "offline" | "unknown";
  since: string | null;
  lastSeenAt: string | null;
  seq: number | null;
  bdSeq: number | null;
  rebirths: number;
  devices: number;
  deadDevices: number;
  metrics: number;
  places: string[];
  version: string | null;
  ready: boolean | null;
  reasons: string[];
  rejected: number;
  conflicts: string[];
}

export interface SiteEvent {
  id: string;
  type: string;
  place: string;
  subject: string;
  occurredAt: string;
  producer: string;
  actor: string | null;
  jobOrder: string | null;
  payload: { [key: string]: Json };
}

export interface Upstream {
  connected: boolean;
  since: string | null;
  detail: string;
}

export interface FeedData {
  now: string;
  upstream: Upstream;
  places?: Place[];
  metrics?: (Metric | (Gone & { place: string; metric: string }))[];
  events?: SiteEvent[];
  nodes?: (EdgeNode | (Gone & { id: string }))[];
}

export interface Quantity {
  value: string;
  unit: string;
}

export type OrderState =
  | "NotAllowedToStart"
  | "AllowedToStart"
  | "Running"
  | "Interrupted"
  | "Ended"
  | "Aborted";

export interface JobOrder {
  id: string;
  workCenter: string;
  state: OrderState;
  subState: string | null;
  /** How it left the lists, if it did. */
  removed: string | null;
  /** Methods that its state permits. */
  possible: string[];
  workMaster: string | null;
  workRequest: string | null;
  description: string;
  priority: number;
  ordered: Quantity | null;
  good: string;
  scrap: string;
  unit: string;
  plannedStart: string | null;
  plannedEnd: string | null;
  startedAt: string | null;
  endedAt: string | null;
  version: number;
}

export interface HistoryEntry {
  at: string;
  type: string;
  actor: string | null;
  cause: string | null;
  from: OrderState | null;
  to: OrderState | null;
  payload: { [key: string]: Json };
}

export interface Answer {
  commandId: string;
  status: "DONE" | "REJECTED" | "EXPIRED" | "PENDING";
  code?: string | null;
  message?: string | null;
  version?: number | null;
}

export type ViewName = "place" | "orders" | "oee" | "nodes" | "events" | "board";

export interface Route {
  view: ViewName;
  place: string;
  query: Record<string, string>;
}

export interface Watch {
  place?: string;
  within?: string;
  names?: string[];
  events?: boolean;
  nodes?: boolean;
}
