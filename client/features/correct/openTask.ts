import * as Y from 'yjs';
import { Value } from 'typebox/value';
import type { Size } from '#core/geometry/box.ts';
import type { TaskDto } from '#core/api/image.ts';
import type { ProjectDto } from '#core/api/project.ts';
import { asPredictions } from '#core/annotation/given.ts';
import { newId } from '#core/ids.ts';
import { PresenceState } from '#core/protocol.ts';
import type { Desk } from '../../editor/desk.ts';
import { Editor, type EditorTask, type Peer } from '../../editor/editor.ts';
import { openRoom, type OpenRoom } from '../../sync/openRoom.ts';
import { socketTransport } from '../../sync/socket.ts';
import { faceColor } from '../../ui/faceColor.ts';
import type { FaceOf } from '../../ui/faces.ts';
import { ActiveTime } from './activeTime.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
}

/** A task that is open in this tab: its editor, its room, and the time spent on it. */
export interface OpenTask {
  readonly dto: TaskDto;
  readonly editor: Editor;
  readonly room: OpenRoom;
  readonly time: ActiveTime;
  /** Asks again for a mask of an annotation; answers with why not, or null. */
  askForMask(annotation: string): Promise<string | null>;
  /** A colleague has it in hand: nothing is changed beside them by accident. */
  lookOn(on: boolean): void;
  stateVector(): Uint8Array;
  /** Ends the editor; the room lives on until `room.close()`. */
  destroy(): void;
}

/** `faceOf`: what colour colleagues are drawn in. `known`: the room of this very task, when it had not been closed yet. */
export function openTask(dto: TaskDto, project: ProjectDto, me: Person, desk: Desk, size: Size, faceOf: FaceOf, known: OpenRoom | null): OpenTask {
  const room = known ?? openRoom(dto.id, me.id, socketTransport());
  // One origin object for the whole life of the editor: undo recognises its own acts by it.
  const origin = { kind: 'person', user: me.id, client: newId() } as const;
  const editor = new Editor({ task: editorTask(dto, project), doc: room.doc, origin, user: me.id, desk, size });
  const bars = { submitted: dto.state === 'submitted', viewer: project.role === 'viewer', access: false, closed: false, lookingOn: dto.holder !== null };
  const bar = (change: Partial<typeof bars>): void => editor.setReadOnly(Object.values(Object.assign(bars, change)).includes(true));
  bar({});
  room.provider.events.on('access', (readOnly) => bar({ access: readOnly }));
  room.provider.events.on('mask', (m) => editor.setMaskWork(m.annotation, m.state === 'done' ? null : m.state));
  room.provider.events.on('closed', () => bar({ closed: true }));
  sharePresence(editor, room, me, faceOf);
  return {
    dto, editor, room, time: new ActiveTime(performance.now()),
    askForMask: (annotation) => socketTransport().ask('room:segment', { task: dto.id, annotation }).then((a) => (a.ok ? null : a.problem.message), () => null),
    lookOn: (on) => bar({ lookingOn: on }),
    stateVector: () => Y.encodeStateVector(room.doc),
    destroy: () => editor.destroy(),
  };
}

function editorTask(dto: TaskDto, project: ProjectDto): EditorTask {
  const { id, image, model, threshold } = dto;
  return { id, image, predictions: dto.predictions, baseline: asPredictions(dto.baseline), threshold, model: model?.name ?? 'baseline', attention: project.settings.attention, segmenting: project.task === 'segment' };
}

function sharePresence(editor: Editor, room: OpenRoom, me: Person, faceOf: FaceOf): void {
  const { awareness, events } = room.provider;
  const publish = (): void => {
    const { view, pointer, preview } = editor;
    const selected = editor.selected();
    const state: PresenceState = {
      user: { id: me.id, name: me.name.slice(0, 80) },
      tool: editor.desk.tool,
      viewport: [view.cx, view.cy, view.zoom],
      canvas: [Math.max(1, view.width), Math.max(1, view.height)],
      ...(pointer ? { cursor: [round(pointer.image[0]), round(pointer.image[1])] } : {}),
      ...(selected ? { selection: [selected.id] } : {}),
      ...(preview ? { drawing: [preview.box[0], preview.box[1], preview.box[2], preview.box[3]] } : {}),
    };
    awareness.setLocalState(state);
  };
  for (const name of ['overlay', 'view', 'pointer'] as const) editor.events.on(name, publish);
  events.on('presence', () => {
    // Its own state comes back as an event too: only a change among the others is news.
    const peers = peersOf(awareness.getStates(), room.doc.clientID, faceOf);
    if (JSON.stringify(peers) !== JSON.stringify(editor.peers)) editor.setPeers(peers);
  });
  publish();
}

function peersOf(states: ReadonlyMap<number, unknown>, own: number, faceOf: FaceOf): Peer[] {
  const peers: Peer[] = [];
  for (const [client, state] of states) {
    if (client === own || !Value.Check(PresenceState, state)) continue;
    const { user, cursor, selection, drawing, viewport, canvas } = state;
    peers.push({
      client, id: user.id, name: user.name, color: faceColor(faceOf(user.id)),
      ...(cursor ? { cursor } : {}), ...(selection ? { selection } : {}), ...(drawing ? { drawing } : {}), ...(viewport && viewport[2] > 0 ? { viewport } : {}), ...(canvas ? { canvas } : {}),
    });
  }
  return peers;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
