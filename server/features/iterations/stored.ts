/** The report that is kept with an ended iteration, in the form of today and in the one before it. */
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { Id, Nullable, Timestamp } from '#core/api/common.ts';
import { ModelMetrics } from '#core/api/model.ts';
import { CorrectionWork, Expectation, ReportClass, ReportModel, ReportPerson } from '#core/api/report.ts';
import { AgreementDto, AgreementRow, ClassAgreementRow } from '#core/api/team.ts';

const { id, images, corrected, corrections, secondsPerImage, secondsPerCorrection } = ReportPerson.properties;
const { ceiling, pairs } = AgreementDto.properties;
const Agreement = Type.Object({ total: AgreementRow, perClass: Type.Array(ClassAgreementRow), ceiling, pairs });
export type StoredAgreement = Static<typeof Agreement>;
const Model = Type.Object({ id: Nullable(Id), ...ReportModel.properties });

/** People by id only: their names, and whether they want to be named, are looked up when somebody reads it. */
export const StoredReport = Type.Object({
  format: Type.Literal('emend-report-2'), iteration: Type.Integer(), writtenAt: Type.Union([Timestamp, Type.Null()]),
  correction: CorrectionWork, people: Type.Array(Type.Object({ id, images, corrected, corrections, secondsPerImage, secondsPerCorrection })),
  agreement: Nullable(Agreement), classes: Type.Array(ReportClass), oldModel: Nullable(Model), newModel: Nullable(Model), datasetVersionId: Nullable(Id),
  expectation: Nullable(Expectation),
});
export type StoredReport = Static<typeof StoredReport>;

const FormerErrors = Type.Object({ classIndex: Type.Integer(), missed: Type.Integer(), false: Type.Integer(), wrongClass: Type.Integer(), badlyPlaced: Type.Integer(), total: Type.Integer() });
const Seconds = CorrectionWork.properties.secondsPerImage;
/** emend-iteration-1: doubles were counted as false, nothing was kept of people and classes. */
const Former = Type.Object({
  format: Type.Literal('emend-iteration-1'), iteration: Type.Integer(), images: Type.Integer(), ok: Type.Integer(), predictionsShown: Type.Integer(), predictionsKept: Type.Integer(), corrections: Type.Integer(),
  errors: Type.Array(FormerErrors), secondsPerImage: Seconds, secondsPerCorrection: Seconds, secondsToAccept: Seconds,
  oldModel: Nullable(ReportModel), newModel: ReportModel,
  agreement: Type.Optional(Nullable(Type.Object({ total: AgreementRow, perClass: Type.Array(ClassAgreementRow), pairs }))),
});

/** null = there is none, or it cannot be read. */
export function readStored(report: unknown): StoredReport | null {
  if (Value.Check(StoredReport, report)) return report;
  if (!Value.Check(Former, report)) return null;
  const { iteration, images: seen, ok, predictionsShown, predictionsKept, corrections: acts, errors, secondsPerImage: perImage, secondsPerCorrection: perAct, secondsToAccept, oldModel, newModel, agreement } = report;
  return {
    format: 'emend-report-2', iteration, writtenAt: null, people: [], agreement: agreement ? { ...agreement, ceiling: null } : null, classes: [],
    correction: { images: seen, ok, predictionsShown, predictionsKept, corrections: acts, errors: errors.map((e) => ({ ...e, duplicate: 0 })), secondsPerImage: perImage, secondsPerCorrection: perAct, secondsToAccept },
    oldModel: oldModel && { id: null, ...oldModel }, newModel: { id: null, ...newModel }, datasetVersionId: null, expectation: null,
  };
}

/** Without the list of pictures: that is for the screen. null = nobody corrected the same picture twice. */
export function storedAgreement({ total, perClass, ceiling: most, pairs: teams }: AgreementDto): StoredAgreement | null {
  return total.images === 0 ? null : { total, perClass, ceiling: most, pairs: teams };
}

export function storedModel({ number, name, metrics }: { number: number; name: string; metrics: unknown }): ReportModel {
  return { number, name, metrics: Value.Check(ModelMetrics, metrics) ? metrics : null };
}
