import { expect, it } from 'vitest';
import { newId } from '#core/ids.ts';
import { testApp } from '../../testing/harness.ts';

const t = await testApp();

it('What comes next is named with its own boxes, however many other images are less sure', async () => {
  const project = await t.project();
  const person = await t.person({ project: project.id, role: 'annotator' });
  const prediction = (score: number) => [{ id: newId(), class: 1, box: [10, 20, 30, 40] as const, score }];
  for (let i = 0; i < 70; i++) await t.task(project, { predictions: prediction(0.26), priority: 0 });
  const wanted = await Promise.all([0.9, 0.95].map((score) => t.task(project, { predictions: prediction(score), priority: 5, width: 300, height: 200 })));
  const { body } = await person.get(`/projects/${project.id}/overview`);
  expect(body.next).toHaveLength(8);
  expect(body.next.slice(0, 2).map((n: { imageId: string }) => n.imageId).toSorted()).toEqual(wanted.map((w) => w.imageId).toSorted());
  expect(body.next[0]).toMatchObject({ width: 300, height: 200, overlay: [[1, 10, 20, 30, 40]] });
  for (const next of body.next) expect(next.overlay).toHaveLength(1);
});
