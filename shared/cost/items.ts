/**
 * The one table of what a run's bill is made of. Everything else is derived from it: the counts and their schema, zero, sum
 * and difference; dollars, the bill's lines and a report's groups; the price file's schema; what a request log or CloudWatch
 * is compared by. A new billable item is one row here, and the place where it is counted.
 */

export type Service = "Lambda" | "SQS" | "S3" | "CloudWatch";

interface PriceDefinition {
  /** In a price file. */
  readonly field: string;
  /** What is priced; the field's price is for `per` of them. */
  readonly unit: string;
  readonly per: number;
  /**
   * Which of the two is divided by `per` before they are multiplied. Of no account but for the last bit, and stored dollars
   * are compared to the last bit.
   */
  readonly divided: "quantity" | "price";
  /** The field of `freeEachMonth` that takes from it. */
  readonly free?: FreeField;
  /** For people, in the price file's schema. */
  readonly text: string;
}

/** What an account gets each month for nothing, in the order in which bills tell it. */
export const FREE_FIELDS = ["gbSeconds", "invocations", "queueRequests"] as const;
export type FreeField = (typeof FREE_FIELDS)[number];

export const PRICES = {
  gbSecond: {
    field: "usdPerGbSecond",
    unit: "GB-s",
    per: 1,
    divided: "quantity",
    free: "gbSeconds",
    text: "Lambda, a second of a GB of memory (1,024 MB).",
  },
  invocation: {
    field: "usdPerMillionInvocations",
    unit: "requests",
    per: 1e6,
    divided: "quantity",
    free: "invocations",
    text: "Lambda requests.",
  },
  standardRequest: {
    field: "usdPerMillionStandardQueueRequests",
    unit: "requests",
    per: 1e6,
    divided: "price",
    free: "queueRequests",
    text: "SQS, standard queues; each started 64 KiB counts.",
  },
  fifoRequest: {
    field: "usdPerMillionFifoQueueRequests",
    unit: "requests",
    per: 1e6,
    divided: "price",
    free: "queueRequests",
    text: "SQS, FIFO queues.",
  },
  objectPut: {
    field: "usdPerThousandObjectPuts",
    unit: "requests",
    per: 1000,
    divided: "quantity",
    text: "S3 PUT, POST, COPY, LIST.",
  },
  objectGet: {
    field: "usdPerThousandObjectGets",
    unit: "requests",
    per: 1000,
    divided: "quantity",
    text: "S3 GET.",
  },
  storedGbMonth: {
    field: "usdPerGbMonthStored",
    unit: "GB-month",
    per: 1,
    divided: "quantity",
    text: "S3 Standard, 2^30 bytes for a month.",
  },
  loggedGb: {
    field: "usdPerGbLogged",
    unit: "GB",
    per: 1,
    divided: "quantity",
    text: "CloudWatch Logs, ingestion.",
  },
  metricMonth: {
    field: "usdPerMetricMonth",
    unit: "metric-month",
    per: 1,
    divided: "quantity",
    text: "CloudWatch, a custom metric for a month.",
  },
  pollerHour: {
    field: "usdPerPollerHour",
    unit: "poller-hour",
    per: 1,
    divided: "quantity",
    text: "A provisioned poller of an SQS event source mapping.",
  },
} as const satisfies Readonly<Record<string, PriceDefinition>>;

export type PriceName = keyof typeof PRICES;
/** Fields of a price file that are one number; Lambda's seconds are one for each architecture. */
export type PriceField = Exclude<(typeof PRICES)[PriceName]["field"], "usdPerGbSecond">;

/** Who else counts it, and what they call it. */
export type Seen =
  /** Operations of the service's API, as a request log has them; `empty`: receives that brought nothing. */
  | { readonly operations: readonly string[]; readonly empty?: true; readonly note?: string }
  /** Lines of the function's own log. */
  | { readonly functionLog: true }
  /** Requests that the cloud makes inside itself. */
  | { readonly inside: string };

/** What CloudWatch counts of it. */
export interface ItemMetric {
  readonly name: string;
  /** In a line's name. */
  readonly label: string;
  readonly unit: "invocations" | "ms" | "messages" | "requests";
  /** Why the two counts may differ; "" where they must not. */
  readonly note: string;
}

interface ItemDefinition {
  /** It is counted as `account[resource][counter]`; rows of a resource stand together, in the order of stored counts. */
  readonly resource: string;
  readonly counter: string;
  readonly service: Service;
  /** As bills and comparisons call it. */
  readonly label: string;
  /** Absent: it is counted, not billed. */
  readonly billed?: {
    readonly price: PriceName;
    /** Milliseconds become GB-seconds by the memory of this function. */
    readonly memoryOf?: "worker" | "aggregator";
    /** Rows of one name are priced together. */
    readonly as: string;
    /** Of a chart. */
    readonly group: string;
  };
  readonly seen?: Seen;
  readonly metric?: ItemMetric;
  /** Counted by later versions only: absent from older stored counts, which mean 0. */
  readonly optional?: true;
}

interface FunctionTexts {
  readonly invocationsNote: string;
  readonly durationNote: string;
}

const functionItems = <
  const R extends "worker" | "aggregator",
  const G extends { readonly compute: string; readonly start: string; readonly invocations: string },
>(
  resource: R,
  group: G,
  { invocationsNote, durationNote }: FunctionTexts,
) =>
  [
    {
      resource,
      counter: "invocations",
      service: "Lambda",
      label: `${resource}: invocations`,
      billed: { price: "invocation", as: `${resource}InvocationsUsd`, group: group.invocations },
      seen: { functionLog: true },
      metric: { name: "Invocations", label: "invocations", unit: "invocations", note: invocationsNote },
    },
    {
      // Handler start to end, each invocation rounded up to 1 ms; INIT not included.
      resource,
      counter: "billedMilliseconds",
      service: "Lambda",
      label: `${resource}: compute`,
      billed: { price: "gbSecond", memoryOf: resource, as: `${resource}ComputeUsd`, group: group.compute },
      metric: { name: "Duration", label: "duration", unit: "ms", note: durationNote },
    },
    { resource, counter: "coldStarts", service: "Lambda", label: `${resource}: cold starts` },
    {
      // Time of the INIT phase of the cold starts: billed like handler time since 2025-08-01.
      resource,
      counter: "initMilliseconds",
      service: "Lambda",
      label: `${resource}: cold starts (INIT)`,
      billed: { price: "gbSecond", memoryOf: resource, as: `${resource}InitUsd`, group: group.start },
    },
    // Invocations that threw or ran out of time. They are billed too.
    { resource, counter: "errors", service: "Lambda", label: `${resource}: errors` },
  ] as const;

/** Requests as billed: a request counts once for each started 64 KiB of its payload. */
const queueItems = <
  const R extends string,
  const P extends "standardRequest" | "fifoRequest",
  const A extends string,
>(
  resource: R,
  name: string,
  price: P,
  as: A,
  sentNote = "",
) => {
  const billed = { price, as, group: "queue requests" } as const;
  const messages = { resource, service: "SQS", optional: true } as const;
  return [
    {
      resource,
      counter: "sendRequests",
      service: "SQS",
      label: `${name}: send`,
      billed,
      seen: { operations: ["SendMessage", "SendMessageBatch"] },
    },
    {
      resource,
      counter: "receiveRequests",
      service: "SQS",
      label: `${name}: receive`,
      billed,
      seen: { operations: ["ReceiveMessage"] },
    },
    {
      resource,
      counter: "emptyReceiveRequests",
      service: "SQS",
      label: `${name}: empty receive`,
      billed,
      seen: { operations: ["ReceiveMessage"], empty: true },
      metric: { name: "NumberOfEmptyReceives", label: "empty receives", unit: "requests", note: "" },
    },
    {
      resource,
      counter: "deleteRequests",
      service: "SQS",
      label: `${name}: delete`,
      billed,
      seen: { operations: ["DeleteMessage", "DeleteMessageBatch"] },
    },
    {
      resource,
      counter: "extendRequests",
      service: "SQS",
      label: `${name}: change visibility`,
      billed,
      seen: { operations: ["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"] },
    },
    {
      resource,
      counter: "manageRequests",
      service: "SQS",
      label: `${name}: create, look up, destroy`,
      billed,
      seen: { operations: ["CreateQueue", "DeleteQueue", "GetQueueUrl", "GetQueueAttributes"] },
    },
    // Messages in these requests: not billed, but what CloudWatch counts.
    {
      ...messages,
      counter: "sentMessages",
      label: `${name}: messages sent`,
      metric: { name: "NumberOfMessagesSent", label: "sent", unit: "messages", note: sentNote },
    },
    {
      ...messages,
      counter: "receivedMessages",
      label: `${name}: messages received`,
      metric: { name: "NumberOfMessagesReceived", label: "received", unit: "messages", note: "" },
    },
    {
      ...messages,
      counter: "deletedMessages",
      label: `${name}: messages deleted`,
      metric: { name: "NumberOfMessagesDeleted", label: "deleted", unit: "messages", note: "" },
    },
  ] as const;
};

const INSIDE = "made by the cloud inside itself: does not pass the observer";
const IDLE =
  "polls of an idle queue are billed whether runs go on or not; the deployed meter leaves them out, the embedded one models them";
const IDLE_METRIC = "polls of an idle queue go on between runs, too: not metered";

/** Requests that the event source mapping makes on its own, billed to the owner of the queue. */
const mappingItems = <const R extends string, const P extends "standardRequest" | "fifoRequest">(
  resource: R,
  name: string,
  price: P,
) => {
  const billed = { price, as: "mappingsUsd", group: "queue polling" } as const;
  return [
    {
      resource,
      counter: "receiveRequests",
      service: "SQS",
      label: `${name}: receive`,
      billed,
      seen: { inside: INSIDE },
    },
    {
      resource,
      counter: "emptyReceiveRequests",
      service: "SQS",
      label: `${name}: empty receive`,
      billed,
      seen: { inside: `${INSIDE}; ${IDLE}` },
      metric: { name: "NumberOfEmptyReceives", label: "empty receives", unit: "requests", note: IDLE_METRIC },
    },
    {
      resource,
      counter: "deleteRequests",
      service: "SQS",
      label: `${name}: delete`,
      billed,
      seen: { inside: INSIDE },
    },
  ] as const;
};

const SHARED = "the whole bucket in these minutes, the command line's looks for the result included";

const objectItems = [
  {
    resource: "objects",
    counter: "putRequests",
    service: "S3",
    label: "put",
    billed: { price: "objectPut", as: "objectPutsUsd", group: "S3 PUT, LIST" },
    seen: {
      operations: ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"],
    },
    metric: { name: "PutRequests", label: "put", unit: "requests", note: SHARED },
  },
  {
    // One for each 1,000 keys listed; priced like a PUT.
    resource: "objects",
    counter: "listRequests",
    service: "S3",
    label: "list",
    billed: { price: "objectPut", as: "objectPutsUsd", group: "S3 PUT, LIST" },
    seen: { operations: ["ListObjectsV2"] },
    metric: { name: "ListRequests", label: "list", unit: "requests", note: SHARED },
  },
  {
    resource: "objects",
    counter: "getRequests",
    service: "S3",
    label: "get",
    billed: { price: "objectGet", as: "objectGetsUsd", group: "S3 GET" },
    seen: { operations: ["GetObject", "HeadObject"] },
    metric: { name: "GetRequests", label: "get", unit: "requests", note: SHARED },
  },
  {
    resource: "objects",
    counter: "deleteRequests",
    service: "S3",
    label: "delete",
    seen: { operations: ["DeleteObject", "AbortMultipartUpload"], note: "free of charge" },
    metric: { name: "DeleteRequests", label: "delete", unit: "requests", note: SHARED },
  },
  { resource: "objects", counter: "putBytes", service: "S3", label: "bytes put" },
  { resource: "objects", counter: "getBytes", service: "S3", label: "bytes got" },
] as const;

const TABLE = [
  ...functionItems(
    "worker",
    { compute: "worker compute", start: "worker start-up", invocations: "worker invocations" },
    {
      invocationsNote: "the meter counts tasks sent: those that SQS delivers again are not among them",
      durationNote:
        "the meter knows the workers' computing time, rounded up; calls, the runtime and lost answers are estimated",
    },
  ),
  ...functionItems(
    "aggregator",
    { compute: "aggregator", start: "aggregator", invocations: "aggregator" },
    {
      invocationsNote: "",
      durationNote: "without what follows the last checkpoint: well under a second a tenure",
    },
  ),
  ...queueItems("standardQueues", "standard queues", "standardRequest", "standardQueuesUsd"),
  ...queueItems(
    "fifoQueues",
    "FIFO queues",
    "fifoRequest",
    "fifoQueuesUsd",
    "the command line sends the first one: not metered",
  ),
  ...mappingItems("standardMapping", "worker's mapping", "standardRequest"),
  ...mappingItems("fifoMapping", "aggregator's mapping", "fifoRequest"),
  ...objectItems,
] as const satisfies readonly ItemDefinition[];

type Row = (typeof TABLE)[number];
export type Resource = Row["resource"];
export type Counter<R extends Resource> = Extract<Row, { readonly resource: R }>["counter"];
/** What rows that are billed are summed up as. */
export type BillItem = Extract<Row, { readonly billed: object }>["billed"]["as"];

/** A row of the table. */
export interface Item extends ItemDefinition {
  readonly resource: Resource;
}

export const ITEMS: readonly Item[] = TABLE;

/** Rows by resource, in the table's order. */
export const RESOURCES: readonly { readonly resource: Resource; readonly items: readonly Item[] }[] = [
  ...Map.groupBy(ITEMS, ({ resource }) => resource),
].map(([resource, items]) => ({ resource, items }));

/** A row that is billed. */
export type BilledItem = Item & { readonly billed: NonNullable<Item["billed"]> };

/** The rows that are billed, as bills tell them: of each resource first what is priced by time. */
export const BILLED_ITEMS: readonly BilledItem[] = RESOURCES.flatMap(({ items }) => {
  const billed = items.filter((item): item is BilledItem => item.billed !== undefined);
  const byTime = (item: BilledItem): boolean => item.billed.memoryOf !== undefined;
  return [...billed.filter(byTime), ...billed.filter((item) => !byTime(item))];
});

/** What a chart can show of a bill, in the order of the table. */
export const BILL_GROUPS: readonly string[] = [...new Set(BILLED_ITEMS.map(({ billed }) => billed.group))];

/** What is billed by time or by volume besides: not metered as the run goes, known when one looks. */
export interface Holdings {
  /** How long the run took. */
  readonly seconds: number;
  /** Bytes that the run keeps in the object store (checkpoint, rounds, result). */
  readonly storedBytes: number;
  /** Bytes of log lines that the functions wrote. */
  readonly loggedBytes: number;
  /** Custom metrics that the run wrote to. */
  readonly metrics: number;
  /** Pollers of the task queue's mapping in provisioned mode; 0 in the default mode. */
  readonly provisionedPollers: number;
}

export const BYTES_PER_GB = 2 ** 30;
/** AWS's month of 30 days for storage and metrics by the hour. */
const HOURS_PER_MONTH = 720;
const hours = ({ seconds }: Holdings): number => seconds / 3600;
const months = (holdings: Holdings): number => hours(holdings) / HOURS_PER_MONTH;

export interface HoldingItem {
  readonly service: Service;
  readonly label: string;
  readonly price: PriceName;
  readonly quantity: (holdings: Holdings) => number;
}

export const HOLDING_ITEMS: readonly HoldingItem[] = [
  {
    service: "S3",
    label: "storage, while it ran",
    price: "storedGbMonth",
    quantity: (of) => (of.storedBytes / BYTES_PER_GB) * months(of),
  },
  {
    service: "CloudWatch",
    label: "log lines",
    price: "loggedGb",
    quantity: (of) => of.loggedBytes / BYTES_PER_GB,
  },
  {
    service: "CloudWatch",
    label: "metrics",
    price: "metricMonth",
    quantity: (of) => of.metrics * months(of),
  },
  {
    service: "Lambda",
    label: "provisioned pollers",
    price: "pollerHour",
    quantity: (of) => of.provisionedPollers * hours(of),
  },
];
