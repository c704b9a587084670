import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '#core/annotation/schema.ts';
import { readDataYaml } from './dataYaml.ts';
import { labelsText, makeManifest, manifestText } from './manifest.ts';
import { classResolver, mergeProblem, type ClassFate } from './classes.ts';
import { mergeDataset, type Candidate } from './merge.ts';
import { familyOf, splitOf } from './split.ts';
import { statsOf } from './stats.ts';
import { boxRow, countRows, formatOf, parseLabels, polygonRow, shapeOf } from './yolo.ts';

const size = fc.record({ width: fc.integer({ min: 8, max: 8000 }), height: fc.integer({ min: 8, max: 8000 }) });
const unit = fc.double({ min: 0, max: 1, noNaN: true });

describe('YOLO rows', () => {
  it('come back as the same boxes, and as the same text', () => {
    fc.assert(fc.property(size, unit, unit, unit, unit, fc.nat(9999), (s, a, b, c, d, cls) => {
      const w = 1 + c * (s.width - 2);
      const h = 1 + d * (s.height - 2);
      // Clear of the edges: there the rounded box is cut off, as it should be.
      const box = [0.01 + a * (s.width - w - 0.02), 0.01 + b * (s.height - h - 0.02), w, h] as const;
      const text = boxRow(cls, [...box], s);
      const [row] = parseLabels(text).rows;
      const { shape, problems } = shapeOf(row ?? { line: 0, class: -1, values: [] }, s, 'detect');
      expect(problems).toEqual([]);
      expect(shape?.class).toBe(cls);
      for (const i of [0, 1, 2, 3]) expect(Math.abs((shape?.box[i] ?? 0) - (box[i] ?? 0))).toBeLessThan(2e-4);
      expect(boxRow(cls, shape?.box ?? [0, 0, 1, 1], s)).toBe(text);
    }));
  });

  it('come back as the same polygons, and as the same text', () => {
    fc.assert(fc.property(size, fc.array(fc.tuple(unit, unit), { minLength: 3, maxLength: 40 }), (s, shares) => {
      const text = polygonRow(3, shares.map(([x, y]) => [x * s.width, y * s.height]), s);
      const [row] = parseLabels(`${text}\r\n`).rows;
      if (!row) throw new Error('the row is gone');
      const { shape } = shapeOf(row, s, 'segment');
      if (!shape) return; // no area
      expect(polygonRow(3, shape.polygon ?? [], s)).toBe(text);
    }));
  });

  it('never throw and never leave the picture, whatever the file holds', () => {
    const number = fc.oneof(fc.double().map(String), fc.string({ maxLength: 6 }), unit.map(String));
    fc.assert(fc.property(size, fc.array(fc.array(number, { maxLength: 12 })), (s, lines) => {
      const { rows, problems } = parseLabels(lines.map((l) => l.join(' ')).join('\n'));
      for (const problem of problems) expect(problem.line).toBeGreaterThan(0);
      for (const row of rows) {
        const { shape, problems: found } = shapeOf(row, s, 'segment');
        if (!shape) { expect(found.length).toBe(1); continue; }
        expect(shape.box[0]).toBeGreaterThanOrEqual(0);
        expect(shape.box[0] + shape.box[2]).toBeLessThanOrEqual(s.width + 1e-9);
      }
    }));
  });

  it('are told apart by their columns, and asked about where those do not tell', () => {
    const of = (text: string): ReturnType<typeof formatOf> => formatOf(countRows(parseLabels(text).rows));
    expect(of('0 .5 .5 .1 .1')).toBe('detect');
    expect(of('0 .1 .1 .2 .1 .2 .2')).toBe('segment');
    expect(of('0 .1 .1 .2 .1 .2 .2 .1 .2')).toBe('ask');
    expect(of('0 .1 .1 .2 .1 .2 .2 .1 .2\n0 .1 .1 .2 .1 .2 .2')).toBe('segment');
    expect(of('0 .5 .5 .1 .1\n0 .1 .1 .2 .1 .2 .2')).toBe('ask');
    expect(of('\n')).toBeNull();
  });

  it('are reported with their line', () => {
    const { rows, problems } = parseLabels('0 .5 .5 .1 .1\n\nx 1 2 3 4\n0 1 2 3\n-1 .5 .5 .1 .1\n0 .5 .5 .1 .1 .9');
    expect(rows.map((r) => r.line)).toEqual([1, 6]);
    expect(problems.map((p) => [p.line, p.code])).toEqual([[3, 'row-not-numbers'], [4, 'row-columns'], [5, 'row-class'], [6, 'row-confidence']]);
    const s = { width: 100, height: 100 };
    const first = (text: string): string | undefined => shapeOf(parseLabels(text).rows[0] ?? { line: 0, class: 0, values: [] }, s, 'detect').problems[0]?.code;
    expect([first('0 .99 .5 .1 .1'), first('0 2 .5 .1 .1'), first('0 .5 .5 0 .1'), first('0 1.0000001 .5 .1 .1')]).toEqual(['row-clipped', 'row-outside', 'row-empty', 'row-clipped']);
  });
});

describe('data.yaml', () => {
  it('is read in its variants', () => {
    expect(readDataYaml({ names: ['a', 'b'], nc: 2, train: '../train/images', val: '../valid/images', roboflow: { workspace: 'x' } })).toMatchObject({ names: ['a', 'b'], problems: [] });
    expect(readDataYaml({ names: { 0: 'a', 2: 'c' }, path: '/data/x', train: ['images/train', 'more'] })).toMatchObject({ names: ['a', 'class 1', 'c'], root: '/data/x', splits: { train: ['images/train', 'more'] } });
    expect(readDataYaml({ nc: 2 }).names).toEqual(['class 0', 'class 1']);
    expect(readDataYaml({ names: ['a', 'a', 3, null] }).names).toEqual(['a', 'a (1)', '3', 'class 3']);
    expect(readDataYaml('nonsense').problems[0]?.level).toBe('error');
    fc.assert(fc.property(fc.anything(), (value) => { readDataYaml(value); }));
  });

  it('tells the splits', () => {
    const yaml = readDataYaml({ names: ['a'], train: '../train/images', val: 'images/holdout', test: '/abs/set/c' });
    expect(splitOf('set/train/images/a.jpg', 'set/data.yaml', yaml)).toBe('train');
    expect(splitOf('images/holdout/a.jpg', 'data.yaml', yaml)).toBe('valid');
    expect(splitOf('abs/set/c/a.jpg', 'data.yaml', yaml)).toBe('test');
    expect(splitOf('images/val/a.jpg', null, null)).toBe('valid');
    expect(splitOf('a.jpg', null, null)).toBeNull();
    expect(familyOf('train/images/a_jpg.rf.0f3c0f3c0f3c0f3c0f3c0f3c0f3c0f3c.jpg')).toBe('a_jpg');
    expect(familyOf('x/b.png')).toBeNull();
  });
});

const instance = (id: string, classIndex: number, source: Instance['source'] = 'baseline'): Instance => ({ id, source, class: classIndex, box: [1, 2, 3, 4] });
const hash = (text: string): string => `h${text.length}:${text}`;
const candidate = fc.record({
  imageId: fc.uuid(), sha256: fc.uuid(), width: fc.constant(10), height: fc.constant(10), split: fc.constantFrom('train' as const, 'valid' as const, 'test' as const), excluded: fc.boolean(),
  revision: fc.option(fc.record({ id: fc.constant('r'), predictionSetId: fc.constant(null), instances: fc.array(fc.nat(3).map((c) => instance('x', c, 'annotation'))) })),
  baseline: fc.option(fc.record({ id: fc.constant('b'), instances: fc.array(fc.nat(3).map((c) => instance('y', c))) })),
  predictions: fc.option(fc.record({ id: fc.constant('p'), instances: fc.array(unit.map((score) => ({ id: 'z', class: 0, box: [0, 0, 1, 1] as [number, number, number, number], score }))) })),
});

describe('the merge at freeze', () => {
  it('takes each image once or leaves it out, and never trains on what nobody looked at', () => {
    fc.assert(fc.property(fc.array(candidate), fc.option(unit), (candidates, threshold) => {
      const { chosen, leftOut } = mergeDataset(candidates, { parent: new Map(), hash, ...(threshold === null ? {} : { pseudoThreshold: threshold }) });
      expect(chosen.length + [...leftOut.values()].flat().length).toBe(candidates.length);
      for (const item of chosen) {
        const from: Candidate | undefined = candidates.find((c) => c.imageId === item.imageId);
        expect(from?.excluded).toBe(false);
        if (from?.revision) expect(item.source).toBe('revision');
        else if (from?.baseline) expect(item.source).toBe('baseline');
        else expect([item.source, item.split, threshold !== null]).toEqual(['pseudo', 'train', true]);
      }
      const stats = statsOf(chosen, ['a', 'b', 'c', 'd']);
      expect(stats.images).toBe(chosen.length);
      expect(stats.perClass.reduce((a, c) => a + c.instances, 0)).toBe(stats.instances);
    }));
  });

  it('marks as fresh what a person gave since the parent', () => {
    const base = { sha256: 's', width: 1, height: 1, split: 'train' as const, excluded: false, baseline: null, predictions: null };
    const given = { id: 'r', predictionSetId: null, instances: [instance('x', 1, 'annotation')] };
    const parent = new Map([['old', { labelsHash: hash(labelsText(given.instances)), revisionId: 'r' }]]);
    const { chosen } = mergeDataset([{ ...base, imageId: 'old', revision: given }, { ...base, imageId: 'new', revision: given }], { parent, hash });
    expect(chosen.map((c) => c.fresh)).toEqual([false, true]);
  });
});

describe('classes that were retired or merged', () => {
  const fates = fc.array(fc.record({ retired: fc.boolean(), into: fc.option(fc.nat(5)) }), { minLength: 1, maxLength: 6 }).map((rows) => rows.map(({ retired }, index): ClassFate => ({ index, retired, mergedInto: null })).reduce((all, fate, index) => {
    // As the server makes them: one after the other, each into a class that is in use.
    const into = rows[index]?.into ?? null;
    return into === null || mergeProblem(all, index, into) !== null ? all : all.map((c) => (c.index === fate.index ? { ...c, retired: true, mergedInto: into } : c));
  }, rows.map(({ retired }, index): ClassFate => ({ index, retired, mergedInto: null }))));

  it('end in a class that is in use, or nowhere; once resolved, nothing changes any more', () => {
    fc.assert(fc.property(fates, fc.nat(8), (classes, index) => {
      const classOf = classResolver(classes);
      const present = classOf(index);
      if (present === null) expect(classes.find((c) => c.index === index)?.retired).toBe(true);
      else {
        expect(classes.find((c) => c.index === present)?.retired ?? false).toBe(false);
        expect(classOf(present)).toBe(present);
      }
    }));
  });

  it('cannot be merged into themselves, into what is retired, or into nothing', () => {
    const classes: ClassFate[] = [{ index: 0, retired: false, mergedInto: null }, { index: 1, retired: true, mergedInto: 0 }];
    expect([mergeProblem(classes, 0, 0), mergeProblem(classes, 0, 1), mergeProblem(classes, 0, 7)].every((p) => p !== null)).toBe(true);
    expect(mergeProblem([...classes, { index: 2, retired: false, mergedInto: null }], 0, 2)).toBeNull();
    expect(classResolver([{ index: 0, retired: true, mergedInto: 1 }, { index: 1, retired: true, mergedInto: 0 }])(0), 'a ring ends').toBeNull();
  });

  it('are counted at freeze: labels are relabelled or left out, none is lost on the way, and none of it is new work', () => {
    const classOf = classResolver([{ index: 0, retired: false, mergedInto: null }, { index: 1, retired: true, mergedInto: 0 }, { index: 2, retired: true, mergedInto: null }]);
    fc.assert(fc.property(fc.array(fc.nat(3), { maxLength: 8 }), (of) => {
      const given = { id: 'r', predictionSetId: null, status: 'ok' as const, instances: of.map((c, i) => instance(`l${i}`, c, 'annotation')) };
      const image: Candidate = { imageId: 'i', sha256: 's', width: 1, height: 1, split: 'train', excluded: false, baseline: null, predictions: null, revision: given };
      const before = mergeDataset([image], { parent: new Map(), hash }).chosen[0];
      const { chosen: [now], retired, relabelled } = mergeDataset([image], { parent: new Map([['i', { labelsHash: before?.labelsHash ?? '', revisionId: 'r' }]]), classOf, hash });
      expect(now?.instances.map((i) => i.class)).toEqual(of.filter((c) => c !== 2).map((c) => (c === 1 ? 0 : c)));
      expect([retired.get(2) ?? 0, relabelled.get(1) ?? 0]).toEqual([of.filter((c) => c === 2).length, of.filter((c) => c === 1).length]);
      expect(now?.fresh, 'the same revision as in the parent').toBe(false);
    }));
  });
});

describe('statistics', () => {
  it('tell sizes, scores of what was kept, and how images were submitted', () => {
    const kept = (score: number, side: number): Instance => ({ id: `k${score}`, source: 'prediction', class: 1, score, box: [0, 0, side, side] });
    const item = { split: 'train' as const, source: 'revision' as const, fresh: true };
    const stats = statsOf([
      { ...item, status: 'corrected', instances: [kept(0.9, 10), kept(0.5, 40), { ...instance('a', 0, 'annotation'), box: [0, 0, 200, 200] }] },
      { ...item, status: 'ok', instances: [] }, { ...item, source: 'pseudo', instances: [{ ...kept(0.95, 31), source: 'pseudo' }] },
    ], ['a', 'b', 'c']);
    expect(stats).toMatchObject({ images: 3, instances: 4, status: { ok: 1, corrected: 1 }, labels: { kept: 2, annotation: 1, pseudo: 1, baseline: 0 } });
    expect(stats.perClass).toMatchObject([{ sizes: { small: 0, medium: 0, large: 1 }, keptScore: null }, { sizes: { small: 2, medium: 1, large: 0 }, keptScore: { mean: 0.7, low: 0.5 } }, { instances: 0, keptScore: null }]);
  });
});

describe('the canonical manifest', () => {
  it('depends on neither order, ids nor people', () => {
    const a = [instance('1', 0), { ...instance('2', 1, 'annotation'), by: 'me', at: 5 }];
    const b = [instance('9', 1), instance('8', 0)];
    expect(labelsText(a)).toBe(labelsText(b));
    expect(labelsText(a)).not.toBe(labelsText([instance('1', 0)]));
    const row = (image: string) => ({ image, width: 1, height: 1, split: 'train' as const, source: 'baseline' as const, labels: 'l' });
    fc.assert(fc.property(fc.uniqueArray(fc.uuid()), (images) => {
      const rows = images.map(row);
      expect(manifestText(makeManifest('segment', ['a'], rows))).toBe(manifestText(makeManifest('segment', ['a'], [...rows].reverse())));
    }));
  });
});

describe('a restored version', () => {
  const label = fc.record({ class: fc.nat(3), box: fc.tuple(fc.nat(90), fc.nat(90), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })) });
  const labels = fc.array(label, { maxLength: 4 }).map((rows) => rows.map((row, i): Instance => ({ ...row, id: `l${i}`, source: 'annotation' })));
  const state = fc.record({ inside: fc.boolean(), excluded: fc.boolean(), revised: fc.option(labels), imported: fc.option(labels) });
  const hash = (text: string): string => text;
  const base = (i: number): Pick<Candidate, 'imageId' | 'sha256' | 'width' | 'height' | 'split' | 'predictions'> => ({ imageId: `i${i}`, sha256: `${i}`, width: 100, height: 100, split: 'train', predictions: null });
  const manifest = (chosen: ReturnType<typeof mergeDataset>['chosen']): string => manifestText(makeManifest('segment', ['a'], chosen.map((c) => ({ image: c.sha256, width: c.width, height: c.height, split: c.split, source: c.source, labels: c.labelsHash }))));

  it('over any later state gives its own content, until something newer comes', () => {
    fc.assert(fc.property(fc.array(fc.record({ a: state, b: state }), { maxLength: 6 }), (images) => {
      const as = ({ excluded, revised, imported }: typeof images[number]['a'], i: number): Candidate => ({
        ...base(i), excluded, revision: revised && { id: `r${i}`, predictionSetId: null, instances: revised }, baseline: imported && { id: `b${i}`, instances: imported },
      });
      const a = mergeDataset(images.map((image, i) => as(image.a, i)), { parent: new Map(), hash }).chosen;
      // Restoring includes what it holds again, whatever was excluded since.
      const restored = images.map((image, i): Candidate => {
        const item = a.find((c) => c.imageId === `i${i}`) ?? null;
        return { ...as(image.b, i), excluded: item === null && image.b.excluded, restored: { item, newRevision: false, newBaseline: false } };
      });
      expect(manifest(mergeDataset(restored, { parent: new Map(), hash }).chosen)).toBe(manifest(a));
      const newer = restored.map((c, i) => ({ ...c, restored: { item: a.find((x) => x.imageId === `i${i}`) ?? null, newRevision: true, newBaseline: true } }));
      const plain = restored.map(({ restored: _, ...c }) => c);
      expect(mergeDataset(newer, { parent: new Map(), hash })).toEqual(mergeDataset(plain, { parent: new Map(), hash }));
    }));
  });
});
