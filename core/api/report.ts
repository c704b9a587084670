import { Type, type Static } from 'typebox';
import { ClassIndex } from '#core/annotation/schema.ts';
import { Id, Nullable, TaskType, Timestamp } from './common.ts';
import { ModelMetrics } from './model.ts';
import { ErrorKinds } from './project.ts';
import { AgreementRow, ClassAgreementRow } from './team.ts';

const N = Nullable(Type.Number());
const Count = Type.Integer({ minimum: 0 });

/** As it was called and coloured when the report was written. */
export const ReportClass = Type.Object({ index: ClassIndex, name: Type.String(), color: Type.String() });
export type ReportClass = Static<typeof ReportClass>;
/** Metrics on the validation split of the run that decided; null = not measured. */
export const ReportModel = Type.Object({ number: Type.Integer(), name: Type.String(), metrics: Nullable(ModelMetrics) });
export type ReportModel = Static<typeof ReportModel>;

/** What people corrected, in numbers: the newest outcome of each picture. Seconds are means. */
export const CorrectionWork = Type.Object({
  images: Count, ok: Count, predictionsShown: Count, predictionsKept: Count, corrections: Count, errors: Type.Array(ErrorKinds),
  secondsPerImage: N, secondsPerCorrection: N, secondsToAccept: N,
});
export type CorrectionWork = Static<typeof CorrectionWork>;

/** One person's submits of the iteration. Who is in it depends on who asks (docs/decisions/0015-names-in-reports.md). */
export const ReportPerson = Type.Object({ id: Id, name: Type.String(), images: Count, corrected: Count, corrections: Count, secondsPerImage: N, secondsPerCorrection: N });
export type ReportPerson = Static<typeof ReportPerson>;

/** Precision at recall 0, 0.01 … 1 (101 values), IoU 0.5; classIndex null = mean over the classes. */
export const PrCurve = Type.Object({ classIndex: Nullable(ClassIndex), ap: N, precision: Type.Array(Type.Number()) });
export type PrCurve = Static<typeof PrCurve>;
/** Cells that are not 0: [class found, class labelled, count]; −1 = background (nothing found, or nothing labelled). */
export const ConfusionCell = Type.Tuple([Type.Integer({ minimum: -1 }), Type.Integer({ minimum: -1 }), Count]);
export type ConfusionCell = Static<typeof ConfusionCell>;
export const ClassQuality = Type.Object({ classIndex: ClassIndex, instances: Count, map: N, map50: N });
export type ClassQuality = Static<typeof ClassQuality>;

/** One model on the validation split. mAP by masks for segment models; confusion and kinds of errors always by boxes, of what is found above score 0.25. */
export const Quality = Type.Object({ map: N, map50: N, perClass: Type.Array(ClassQuality), curves: Type.Array(PrCurve), confusion: Type.Array(ConfusionCell), kinds: Type.Array(ErrorKinds) });
export type Quality = Static<typeof Quality>;

/** [class, x, y, w, h] in image pixels. */
const Drawn = Type.Array(Type.Array(Type.Number(), { minItems: 5, maxItems: 5 }));
/** One validation picture. `before`, `after`: F1 of what is found above score 0.25 at IoU 0.5, 1 = everything right; null = that model was not measured. */
export const ReportPicture = Type.Object({
  imageId: Id, name: Type.String(), width: Type.Integer(), height: Type.Integer(), before: N, after: N, labels: Drawn, found: Type.Object({ before: Drawn, after: Drawn }),
});
export type ReportPicture = Static<typeof ReportPicture>;
export const ReportQuality = Type.Object({
  images: Count, version: Type.Integer(), old: Nullable(Quality), new: Nullable(Quality),
  /** At most 6 each: worst with the newest model; those that the new model does better, and worse, than the old one. */
  pictures: Type.Object({ worst: Type.Array(ReportPicture), improved: Type.Array(ReportPicture), fallen: Type.Array(ReportPicture) }),
});
export type ReportQuality = Static<typeof ReportQuality>;

const Interval = Type.Object({ low: Type.Number(), mid: Type.Number(), high: Type.Number() });
export const LearningPoint = Type.Object({ images: Count, map: Type.Number(), model: Type.String() });
export type LearningPoint = Static<typeof LearningPoint>;
/** What more corrections can be expected to bring (core/report/expectation.ts). Intervals hold 80 %. */
export const Expectation = Type.Object({
  verdict: Type.Union([Type.Literal('too-few'), Type.Literal('go-on'), Type.Literal('stop'), Type.Literal('unsure')]),
  points: Type.Array(LearningPoint),
  /** Pictures that the next hundred corrections are, at the pace of this iteration. */
  nextImages: Nullable(Type.Number()), nextSeconds: N,
  /** mAP50-95 that they bring, and where it ends for ever more labels. */
  gain: Nullable(Interval), limit: Nullable(Interval),
  /** Corrections until the next hundred bring less than `worth`; null = further away than can be told. */
  until: Nullable(Interval),
  worth: Type.Number(),
  /** mAP50-95 of one person measured against the other, where pictures were given out twice. */
  ceiling: N,
  /** For drawing: [images, low, mid, high] of mAP50-95. */
  band: Type.Array(Type.Array(Type.Number(), { minItems: 4, maxItems: 4 })),
});
export type Expectation = Static<typeof Expectation>;

export const ReportAgreement = Type.Object({ total: AgreementRow, perClass: Type.Array(ClassAgreementRow), ceiling: N, pairs: Type.Array(Type.Object({ first: Type.String(), second: Type.String(), ...AgreementRow.properties })) });
export type ReportAgreement = Static<typeof ReportAgreement>;
export const ReportTraining = Type.Object({
  run: Type.Integer(), version: Type.Integer(), labelled: Count, fresh: Count, decision: Type.String(), reason: Type.String(),
  /** 95 % interval of the difference in mAP50-95, where the gate made one. */
  interval: Nullable(Type.Object({ low: Type.Number(), high: Type.Number() })),
});
export type ReportTraining = Static<typeof ReportTraining>;

/** The file that docs/formats.md describes, and what the page shows. */
export const Report = Type.Object({
  format: Type.Literal('emend-report-2'), project: Type.Object({ id: Id, name: Type.String(), task: TaskType }),
  iteration: Type.Integer(), startedAt: Timestamp, endedAt: Nullable(Timestamp), writtenAt: Timestamp,
  classes: Type.Array(ReportClass),
  /** `new`: the successor; in an iteration that goes on, the newest model that was trained in it. */
  models: Type.Object({ old: Nullable(ReportModel), new: Nullable(ReportModel) }),
  training: Nullable(ReportTraining),
  correction: CorrectionWork,
  people: Type.Array(ReportPerson),
  /** How many more people worked on it who are not shown to the one who asks; `unnamed` of them chose so. */
  others: Type.Object({ people: Count, unnamed: Count }),
  agreement: Nullable(ReportAgreement),
  quality: Nullable(ReportQuality),
  expectation: Expectation,
});
export type Report = Static<typeof Report>;

const RowModel = Nullable(Type.Object({ number: Type.Integer(), name: Type.String() }));
/** One line per iteration, side by side. */
export const ReportRow = Type.Object({
  iteration: Type.Integer(), startedAt: Timestamp, endedAt: Nullable(Timestamp), oldModel: RowModel, newModel: RowModel,
  mapBefore: N, mapAfter: N, map50After: N, labelled: Nullable(Count), images: Count, corrections: Count, keptShare: N, secondsPerImage: N, secondsPerCorrection: N, agreement: N,
});
export type ReportRow = Static<typeof ReportRow>;
export const ReportTable = Type.Enum(['summary', 'iterations', 'classes', 'errors', 'confusion', 'curves', 'people', 'agreement', 'pictures', 'expectation']);
export type ReportTable = Static<typeof ReportTable>;
export const ReportParams = Type.Object({ project: Id, iteration: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, { additionalProperties: false });
export const ReportCsvQuery = Type.Object({ table: Type.Optional(ReportTable) }, { additionalProperties: false });
