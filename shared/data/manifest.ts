/**
 * What is known of an imported data set: `datasets/<name>/manifest.json`, written last, so that a data set without one
 * does not exist. Labels are stored as they were in the file; what they mean is said here.
 */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { datasetPrefix, NAME_PATTERN } from "../protocol/index.ts";
import { MOST_CLASSES } from "./formats/class-words.ts";
import { LARGEST_INDEX } from "./formats/libsvm.ts";
import { MOST_CONSTANTS } from "./prepare/column-constants.ts";
import { DENSE_VALUE_TYPES, denseGroupBytes, MOST_AXES } from "./rows/dense-group.ts";
import { rowGroupBytes } from "./rows/row-group.ts";

const MANIFEST_VERSION = 1;
/** The file name of a source that had none. */
export const STANDARD_INPUT = "standard input";

/** Of one import: each is named in the manifest. */
export const MOST_FILES = 10_000;

/** Key prefix of a data set's rows; a generation's number follows, so that a new import never overwrites rows in use. */
export const rowsPrefix = (name: string): string => `${datasetPrefix}${name}/rows-`;
export const rowsKey = (name: string, generation: number): string => `${rowsPrefix(name)}${generation}`;

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");

const labelsSchema = z.discriminatedUnion("kind", [
  /** Two label values: the larger becomes +1, the other -1, when a shard is opened. */
  z.strictObject({
    kind: z.literal("binary"),
    negative: z.number(),
    positive: z.number(),
    negatives: count,
    positives: count,
    /** What the two values stand for, where the file's labels are words. */
    words: z.strictObject({ negative: z.string(), positive: z.string() }).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("real"), min: z.number(), max: z.number() }),
  /** Stored labels are the classes' numbers, 0 .. names.length - 1. Names: in order of value where all are numbers, else of code points. */
  z.strictObject({
    kind: z.literal("classes"),
    names: z.array(z.string()).min(1).max(MOST_CLASSES),
    /** Rows of each class. */
    counts: z.array(count).min(1).max(MOST_CLASSES),
  }),
]);

const names = z.array(z.string()).min(1);
const shape = z.array(z.int().min(1)).min(1).max(MOST_AXES);

const seed = z.int().min(0);

/** In which order the rows are stored; default: the file's. */
const orderSchema = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("shuffle"), seed }),
  z.strictObject({ by: z.literal("label") }),
  z.strictObject({ by: z.literal("dirichlet"), alpha: z.number().positive(), clients: z.int().min(1), seed }),
]);

/** What is done to the rows of every format. */
const preparation = {
  order: orderSchema.exactOptional(),
  /** The label that became +1, against all others. */
  positive: z.string().exactOptional(),
  scaling: z.enum(["standardize", "max-abs"]).exactOptional(),
  intercept: z.literal(true).exactOptional(),
  /** Of a row, where it was given: the rows are then stored with all entries. */
  shape: shape.exactOptional(),
  /** Values were divided by it, where that was asked for. */
  divide: z.number().positive().exactOptional(),
  /** The name of the data set whose features, constants and labels these are; what else is said here is that one's. */
  like: z.string().regex(NAME_PATTERN).exactOptional(),
};

/** How the file was read: what differs from the defaults, so that it can be read the same way again. */
const readingSchema = z.discriminatedUnion("format", [
  z.strictObject({
    format: z.literal("libsvm"),
    zeroBased: z.literal(true).exactOptional(),
    /** Given by the user, above the largest index. */
    dimension: z.int().min(1).exactOptional(),
    ...preparation,
  }),
  z.strictObject({
    format: z.enum(["csv", "parquet"]),
    labelColumn: z.string(),
    drop: names.exactOptional(),
    columns: names.exactOptional(),
    missing: z.enum(["drop-rows", "mean"]).exactOptional(),
    dimension: z.int().min(1).exactOptional(),
    /** Of CSV. */
    header: z.boolean().exactOptional(),
    separator: z.string().length(1).exactOptional(),
    decimalComma: z.literal(true).exactOptional(),
    ...preparation,
  }),
  z.strictObject({
    format: z.literal("idx"),
    /** Its name. */
    labelFile: z.string(),
    ...preparation,
  }),
  z.strictObject({
    format: z.literal("npy"),
    /** Names of arrays in an .npz file, where they were given. */
    array: z.string().exactOptional(),
    labelArray: z.string().exactOptional(),
    /** The name of the file of labels, where they are not in the same file. */
    labelFile: z.string().exactOptional(),
    ...preparation,
  }),
]);

const constants = z.array(z.number()).max(MOST_CONSTANTS);

/** What is known of the features. */
const featuresSchema = z.strictObject({
  /** Of all of them, or of the first ones where more were asked for than the file has; the constant one is called (intercept). */
  names: z.array(z.string()).exactOptional(),
  /** Of the file's features, not of the constant one: the mean, which stands in for missing cells. */
  means: constants.exactOptional(),
  /** What is stored: (x - offset) / scale. */
  offsets: constants.exactOptional(),
  scales: constants.exactOptional(),
});

const group = {
  /** Number of the group's first row in the data set, from 0. */
  firstRow: count,
  rows: z.int().min(1),
  /** Entries that are not 0. */
  nonZeros: count,
  /** Where the group lies in the data object. */
  byteOffset: count,
  byteLength: count,
};
const crc32 = z.int().min(0).max(0xffff_ffff);

const sparseGroupSchema = z.strictObject({
  ...group,
  indexType: z.enum(["uint16", "uint32"]),
  valueType: z.enum(["ones", "float32", "float64"]),
  /** Of its bytes. Absent where the whole object is read, whose SHA-256 is known. */
  crc32: crc32.exactOptional(),
});

const denseGroupSchema = z.strictObject({ ...group, valueType: z.enum(DENSE_VALUE_TYPES), crc32 });

/** Rows with all their entries: entry x of a row is scale * value + offset. */
const denseSchema = z.strictObject({
  /** Of a row; the product is d. */
  shape,
  scale: z.number().refine((scale) => scale !== 0, "expected another number than 0"),
  offset: z.number(),
});

/** As it is stored. */
const storedManifestSchema = z
  .strictObject({
    version: z.literal(MANIFEST_VERSION),
    name: z.string().regex(NAME_PATTERN),
    /** The file imported: its name, and size and hash of its decompressed contents. */
    source: z.strictObject({
      /** Of a folder: its name and a slash. */
      fileName: z.string(),
      bytes: count,
      /** Of several files: of the lines `<SHA-256>  <name>` of their contents. */
      sha256,
      files: z
        .array(z.strictObject({ name: z.string(), bytes: count, sha256 }))
        .max(MOST_FILES)
        .exactOptional(),
    }),
    /** Absent in data sets of programs that did not keep it, and where no file was read. */
    reading: readingSchema.exactOptional(),
    rows: z.int().min(1),
    /** Numbers of a row; `featureCount` in memory, where "dimension" is the number of a problem's parameters. */
    dimension: z.int().min(1).max(LARGEST_INDEX),
    /** Entries that are not 0. */
    nonZeros: count,
    /** Present where the layout of the rows is dense. */
    dense: denseSchema.exactOptional(),
    labels: labelsSchema,
    /** Absent where there is nothing to say: LIBSVM text names no features. */
    features: featuresSchema.exactOptional(),
    groups: z.union([z.array(sparseGroupSchema).min(1), z.array(denseGroupSchema).min(1)]),
    /** The data object; `sha256` is of its bytes. */
    object: z.strictObject({ key: z.string().min(1), bytes: count, etag: z.string().min(1), sha256 }),
  })
  .superRefine((manifest, context) => {
    let rows = 0;
    let nonZeros = 0;
    let bytes = 0;
    const { dense } = manifest;
    const size = dense?.shape.reduce((product, length) => product * length, 1);
    if (size !== undefined && size !== manifest.dimension) {
      const message = `expected a shape of ${manifest.dimension} entries, got ${dense!.shape.join(" x ")}`;
      context.addIssue({ code: "custom", path: ["dense", "shape"], message });
    }
    for (const [g, group] of manifest.groups.entries()) {
      if ("indexType" in group !== (dense === undefined)) {
        const message = `expected groups of a ${dense === undefined ? "sparse" : "dense"} layout`;
        context.addIssue({ code: "custom", path: ["groups", g], message });
        return;
      }
      const byteLength = "indexType" in group ? rowGroupBytes(group) : denseGroupBytes(group, size!);
      const expected = { firstRow: rows, byteOffset: bytes, byteLength };
      for (const field of ["firstRow", "byteOffset", "byteLength"] as const) {
        if (group[field] !== expected[field]) {
          const message = `expected ${expected[field]}, got ${group[field]}`;
          context.addIssue({ code: "custom", path: ["groups", g, field], message });
        }
      }
      rows += group.rows;
      nonZeros += group.nonZeros;
      bytes += group.byteLength;
    }
    const sums: readonly [readonly string[], number, number][] = [
      [["rows"], manifest.rows, rows],
      [["nonZeros"], manifest.nonZeros, nonZeros],
      [["object", "bytes"], manifest.object.bytes, bytes],
    ];
    for (const [path, got, expected] of sums) {
      if (got !== expected) {
        const message = `expected ${expected} (the sum over the groups), got ${got}`;
        context.addIssue({ code: "custom", path: [...path], message });
      }
    }
    const { names, ...constants } = manifest.features ?? {};
    const own = manifest.dimension - (manifest.reading?.intercept === true ? 1 : 0);
    for (const [field, list] of Object.entries(constants)) {
      if (list.length === own) continue;
      const message = `expected ${own} numbers, one a feature, got ${list.length}`;
      context.addIssue({ code: "custom", path: ["features", field], message });
    }
    if ((names?.length ?? 0) > manifest.dimension) {
      const message = `expected at most ${manifest.dimension} names`;
      context.addIssue({ code: "custom", path: ["features", "names"], message });
    }
    const { labels } = manifest;
    if (labels.kind === "classes") {
      const counted = labels.counts.reduce((sum, of) => sum + of, 0);
      if (labels.counts.length !== labels.names.length || counted !== manifest.rows) {
        const message = "expected one count a class, one label a row";
        context.addIssue({ code: "custom", path: ["labels"], message });
      }
      if (new Set(labels.names).size !== labels.names.length) {
        const message = "expected names that differ";
        context.addIssue({ code: "custom", path: ["labels", "names"], message });
      }
    }
    if (labels.kind === "binary") {
      if (!(labels.negative < labels.positive)) {
        context.addIssue({ code: "custom", path: ["labels"], message: "expected negative < positive" });
      }
      if (labels.negatives + labels.positives !== manifest.rows) {
        context.addIssue({ code: "custom", path: ["labels"], message: "expected one label a row" });
      }
    }
  });

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

type StoredManifest = DeepReadonly<z.output<typeof storedManifestSchema>>;
/** A parsed manifest. */
export type Manifest = Omit<StoredManifest, "dimension"> & {
  /** Numbers of a row. */
  readonly featureCount: StoredManifest["dimension"];
};
export type LabelKind = Manifest["labels"]["kind"];
/** How a file is read. */
export type Reading = NonNullable<Manifest["reading"]>;
/** In which order rows are stored. */
export type RowOrder = NonNullable<Reading["order"]>;
export type SparseGroup = DeepReadonly<z.output<typeof sparseGroupSchema>>;
export type DenseGroup = DeepReadonly<z.output<typeof denseGroupSchema>>;
export type ManifestGroup = SparseGroup | DenseGroup;

/** The stored bytes of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const stored = renamed(manifest, "featureCount", "dimension");
  return new TextEncoder().encode(`${JSON.stringify(stored, null, 1)}\n`);
}

/**
 * @param source what the bytes are called in errors: their key.
 * @throws MarinaError "version" when another version of the program wrote it, "corrupt" when it can't be a manifest.
 */
export function parseManifest(bytes: Uint8Array, source: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new MarinaError("corrupt", `${source}: expected JSON; import the data set again`, { cause: error });
  }
  const version =
    typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (typeof version === "number" && version !== MANIFEST_VERSION) {
    throw new MarinaError(
      "version",
      `${source}: expected version ${MANIFEST_VERSION}, got ${version}; import the data set again with this program`,
    );
  }
  const parsed = storedManifestSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new MarinaError("corrupt", `${source}: ${issues.join("; ")}; import the data set again`, {
      cause: parsed.error,
    });
  }
  return renamed(parsed.data, "dimension", "featureCount") as Manifest;
}

/** The same fields in the same order, one of them under another name. */
function renamed(object: object, from: string, to: string): object {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key === from ? to : key, value]));
}
