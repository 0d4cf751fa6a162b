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
  /** Why it may not run. */
  hold: string | null;
}

/** What its work center's list says of a job order. */
export interface WorkOrder extends JobOrder {
  workMasterVersion: number | null;
  operation: string | null;
  rework: string;
  remaining: string;
  due: string | null;
  customerReference: string | null;
  quantitySource: "counter" | "operator";
  operatorDeclares: boolean;
  clockedOn: string[];
  rank: number | null;
  forecast: Forecast | null;
  obstacle: { code: string; message: string } | null;
  /** Who may do it, where its operation says so; on the lists of work centers alone. */
  personnelClass?: string | null;
}

export interface Forecast {
  ratePerS: string | null;
  expectedEnd: string | null;
  latenessS: string | null;
  because: string | null;
}

/** A work center with what it has in hand. */
export interface BoardCenter {
  place: string;
  /** Counts the changes of its sequence and availability. */
  version: number;
  unavailable: string | null;
  concurrent: boolean;
  queueLength: number;
  active: WorkOrder[];
  queue: WorkOrder[];
}

/** What a job list said of a job order at an instant. */
export interface Listing {
  id: string;
  rank: number | null;
  priority: number;
  state: OrderState;
  hold: string | null;
  workRequest: string | null;
  workMaster: string | null;
  operation: string | null;
  quantity: string | null;
  unit: string;
  plannedStart: string | null;
  due: string | null;
  since: string;
}

/** Everything that is known of one job order. */
export interface WholeOrder extends WorkOrder {
  overTolerance: string;
  underTolerance: string | null;
  idealCycleS: string | null;
  setupS: string | null;
  beginsBy: string;
  completesBy: string | null;
  declaredGood: string | null;
  declaredScrap: string | null;
  predecessors: { operation: string; rule: string; quantity: string | null }[];
  splitFrom: string | null;
  reworkOf: string | null;
  reworkOrdered: string;
  parameters: Record<string, string>;
  runningS: string;
  interruptedS: string;
  actualUnitBusyTimeS?: string;
  actualUnitSetupTimeS?: string;
  actualUnitDelayTimeS?: string;
  actualProductionTimeS?: string;
}

export interface LaborEntry {
  person: string;
  jobOrder: string;
  start: string;
  end: string | null;
  laborS: string | null;
}

export interface Wip {
  place: string;
  operation: string | null;
  jobOrders: number;
  units: Record<string, Record<"ordered" | "queued" | "in_process" | "done" | "scrapped" | "set_aside" | "short" | "over", string>>;
}

export interface RouteOperation {
  id: string;
  description: string;
  equipmentClass: string | null;
  personnelClass: string | null;
  setupS: string | null;
  runS: string | null;
  outputPerUnit: string;
  materials: RouteMaterial[];
  predecessors: { operation: string; rule: string; quantity: string | null }[];
  quantitySource: "counter" | "operator" | null;
  operatorDeclares: boolean;
  beginsBy: string;
  completesBy: string | null;
  overTolerance: string;
  underTolerance: string | null;
}

export interface RouteMaterial {
  material: string;
  use: string;
  quantity: string;
  unit: string;
  underTolerance: string | null;
  overTolerance: string | null;
}

/** What all that is said of a version of a work master begins with. */
interface AnyMaster {
  id: string;
  version: number;
  state: "Stored" | "Active" | "Retired";
  description: string;
  material: string | null;
  unit: string;
  effectiveFrom: string | null;
  effectiveUntil: string | null;
}

/** One version with its operations. */
export interface WorkMaster extends AnyMaster {
  operations: RouteOperation[];
}

/** One version without them. */
export interface MasterVersion extends AnyMaster {
  operationCount: number;
  storedAt: string;
}

/** A work master by its version in force, or its newest. */
export interface MasterItem extends MasterVersion {
  inForce: number | null;
  newest: { version: number; state: string };
  versions: number;
}

export interface MasterStory {
  id: string;
  /** Newest first. */
  versions: MasterVersion[];
  inForce: number | null;
  shown: WorkMaster;
  against: WorkMaster | null;
  orders: WorkOrder[];
  ordersCut: boolean;
}

export interface OrderStory {
  order: WholeOrder;
  history: (HistoryEntry & { seq: number })[];
  orders: WorkOrder[];
  wip: Wip[];
  labor: LaborEntry[];
  route: WorkMaster | null;
  request: WorkRequest | null;
}

export interface WorkRequest {
  id: string;
  customerReference: string | null;
  due: string | null;
  /** Newest first. */
  responses: HistoryEntry[];
}

/** What was made in one stretch of an order's time, for one reason. */
export interface CountRow {
  start: string;
  end: string;
  good: string;
  scrap: string;
  rework: string;
  scrapReason: string | null;
  reworkReason: string | null;
  reports: number;
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

export type ViewName = "place" | "orders" | "oee" | "nodes" | "events" | "dispatch" | "operate" | "order" | "masters" | "board";

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
