import { beforeEach, describe, expect, it } from 'vitest';
import type { Box } from '#core/geometry/box.ts';
import { shapeAt } from '../hit.ts';
import type { Shape } from '../shapes.ts';
import { BoxTool } from './box.ts';
import { BrushTool } from './brush.ts';
import { PointsTool } from './points.ts';
import { PolygonTool } from './polygon.ts';
import { SelectTool } from './select.ts';
import type { PointerInput, ToolHost } from './tool.ts';

const shape = (id: string, box: Box, state: Shape['state'] = 'kept'): Shape => ({ id, source: 'prediction', state, class: 0, box, score: 0.9, unsure: false, duplicates: [] });

/** A host that writes down what it was asked for. */
class Notes implements ToolHost {
  readonly image = { width: 1000, height: 1000 };
  readOnly = false;
  shapes = [shape('chip', [100, 100, 400, 400]), shape('void', [200, 200, 40, 40])];
  chosen: string | null = null;
  readonly log: string[] = [];
  shapeAt = (point: readonly [number, number], grain: number) => shapeAt(this.shapes, point, grain);
  selected = () => this.shapes.find((s) => s.id === this.chosen) ?? null;
  select = (id: string | null) => {
    this.chosen = id;
    this.log.push(`select ${id}`);
  };
  draw = (box: Box) => void this.log.push(`draw ${box.join(' ')}`);
  adjust = (s: Shape, box: Box) => void this.log.push(`adjust ${s.id} ${box.join(' ')}`);
  readonly outlines: ToolHost['outlines'] = {
    meant: (below) => this.selected() ?? below,
    addPoint: (s, [x, y], positive) => void this.log.push(`${positive ? 'plus' : 'minus'} ${s?.id ?? 'new'} ${x} ${y}`),
    removePoint: (s, index) => void this.log.push(`unpoint ${s.id} ${index}`),
    fill: (points) => void this.log.push(`fill ${points.join(' ')}`),
    stroke: (points, diameter, erases) => void this.log.push(`${erases ? 'erase' : 'paint'} ${diameter} ${points.join(' ')}`),
  };
  brush = { diameter: 8, erasing: false };
  pan = (dx: number, dy: number) => void this.log.push(`pan ${dx} ${dy}`);
}

const at = (x: number, y: number, alt = false): PointerInput => ({ image: [x, y], screen: [x, y], grain: 1, alt });
let host: Notes;
beforeEach(() => {
  host = new Notes();
});

describe('box tool', () => {
  const drag = (tool: BoxTool | SelectTool, a: PointerInput, b: PointerInput): void => {
    tool.down(a);
    tool.move(b);
    tool.up(b);
  };

  it('draws by dragging, over predictions too', () => {
    const tool = new BoxTool(host);
    tool.down(at(210, 210));
    tool.move(at(260, 250));
    expect(tool.preview).toEqual({ kind: 'draw', box: [210, 210, 50, 40] });
    tool.up(at(260, 250));
    expect(tool.preview).toBeNull();
    expect(host.log).toEqual(['draw 210 210 50 40']);
  });

  it('draws by two clicks on empty ground', () => {
    const tool = new BoxTool(host);
    drag(tool, at(700, 700), at(700, 700));
    tool.move(at(750, 760));
    expect(tool.preview).toEqual({ kind: 'draw', box: [700, 700, 50, 60] });
    drag(tool, at(750, 760), at(750, 760));
    expect(host.log).toEqual(['select null', 'draw 700 700 50 60']);
  });

  it('selects by a click, and the click that lets go begins nothing', () => {
    const tool = new BoxTool(host);
    drag(tool, at(220, 220), at(221, 220));
    expect(host.chosen).toBe('void');
    drag(tool, at(800, 800), at(800, 800));
    expect(host.chosen).toBeNull();
    tool.move(at(900, 900));
    expect(tool.preview).toBeNull();
    expect(host.log).toEqual(['select void', 'select null']);
  });

  it('moves the selected by its inside, resizes it by a handle, in one act each', () => {
    const tool = new BoxTool(host);
    host.chosen = 'void';
    tool.down(at(220, 220));
    tool.move(at(225, 230));
    expect(tool.preview).toEqual({ kind: 'adjust', id: 'void', box: [205, 210, 40, 40] });
    tool.up(at(230, 240));
    drag(tool, at(240, 240), at(250, 260));
    expect(host.log).toEqual(['adjust void 210 220 40 40', 'adjust void 200 200 50 60']);
  });

  it('draws within the selected with Alt', () => {
    const tool = new BoxTool(host);
    host.chosen = 'chip';
    drag(tool, at(300, 300, true), at(330, 340, true));
    expect(host.log).toEqual(['draw 300 300 30 40']);
  });

  it('leaves no trace when cancelled, in every state', () => {
    const tool = new BoxTool(host);
    expect(tool.cancel()).toBe(false);
    tool.down(at(700, 700));
    tool.move(at(800, 800));
    expect(tool.cancel()).toBe(true);
    tool.up(at(800, 800));
    drag(tool, at(700, 700), at(700, 700));
    expect(tool.cancel()).toBe(true);
    host.chosen = 'void';
    tool.down(at(220, 220));
    tool.move(at(260, 260));
    expect(tool.cancel()).toBe(true);
    tool.up(at(260, 260));
    expect(host.log.filter((l) => !l.startsWith('select'))).toEqual([]);
  });

  it('takes no slip of the hand for a box', () => {
    const tool = new BoxTool(host);
    drag(tool, at(700, 700), at(701, 780));
    expect(host.log).toEqual([]);
  });

  it('does not change what may only be read, or what is rejected', () => {
    const tool = new BoxTool(host);
    host.shapes.push(shape('gone', [600, 600, 50, 50], 'rejected'));
    host.chosen = 'gone';
    tool.down(at(620, 620));
    tool.move(at(640, 640));
    expect(tool.preview?.kind).toBe('draw');
    tool.cancel();
    host.readOnly = true;
    drag(tool, at(700, 700), at(800, 800));
    expect(host.log).toEqual([]);
  });

  it('says by its cursor what a press would do', () => {
    const tool = new BoxTool(host);
    expect(tool.cursor(at(220, 220))).toBe('crosshair');
    host.chosen = 'void';
    expect(tool.cursor(at(220, 220))).toBe('move');
    expect(tool.cursor(at(200, 200))).toBe('nwse-resize');
    expect(tool.cursor(at(220, 220, true))).toBe('crosshair');
  });
});

describe('select tool', () => {
  it('pans by dragging anywhere that is not held', () => {
    const tool = new SelectTool(host);
    tool.down(at(700, 700));
    tool.move(at(710, 705));
    tool.move(at(715, 705));
    tool.up(at(715, 705));
    expect(host.log).toEqual(['pan 10 5', 'pan 5 0']);
  });

  it('moves a shape by its edge without selecting it first', () => {
    const tool = new SelectTool(host);
    tool.down(at(100, 300));
    tool.move(at(110, 300));
    tool.up(at(110, 300));
    expect(host.log).toEqual(['select chip', 'adjust chip 110 100 400 400']);
  });

  it('selects and lets go by clicks', () => {
    const tool = new SelectTool(host);
    for (const p of [at(220, 220), at(900, 900)]) {
      tool.down(p);
      tool.up(p);
    }
    expect(host.log).toEqual(['select void', 'select null']);
    tool.down(at(700, 700));
    tool.move(at(720, 700));
    expect(tool.cancel()).toBe(true);
  });
});

describe('points tool', () => {
  const click = (tool: PointsTool, p: PointerInput): void => {
    tool.down(p);
    tool.up(p);
  };

  it('gives a place of the object by a click, one beside it by Alt or a right click, and begins a new object where there is none', () => {
    const tool = new PointsTool(host);
    click(tool, at(220, 220));
    click(tool, at(221, 221, true));
    expect(tool.secondary(at(222, 222))).toBe(true);
    click(tool, at(800, 800));
    expect(host.log).toEqual(['plus void 220 220', 'minus void 221 221', 'minus void 222 222', 'plus new 800 800']);
  });

  it('takes a mark of the selected away by a click on it', () => {
    host.shapes = [{ ...shape('mine', [100, 100, 50, 50], 'person'), points: [[110, 110, 1], [130, 130, 0]] }];
    host.chosen = 'mine';
    const tool = new PointsTool(host);
    expect(tool.cursor(at(131, 131))).toBe('pointer');
    click(tool, at(131, 131));
    tool.secondary(at(108, 110));
    click(tool, at(120, 120));
    expect(host.log).toEqual(['unpoint mine 1', 'unpoint mine 0', 'plus mine 120 120']);
  });

  it('pans by a drag, and leaves nothing when cancelled', () => {
    const tool = new PointsTool(host);
    tool.down(at(220, 220));
    tool.move(at(222, 221));
    tool.move(at(230, 220));
    tool.up(at(230, 220));
    tool.down(at(220, 220));
    expect(tool.cancel()).toBe(true);
    tool.up(at(220, 220));
    expect(tool.cancel()).toBe(false);
    expect(host.log).toEqual(['pan 10 0']);
  });
});

describe('polygon tool', () => {
  const click = (tool: PolygonTool, p: PointerInput): void => {
    tool.move(p);
    tool.down(p);
    tool.up(p);
  };
  const corners = [at(100, 100), at(200, 100), at(200, 200)];

  it('closes by a click on the first corner, by a double click, or by Enter', () => {
    for (const end of [(tool: PolygonTool) => click(tool, at(104, 97)), (tool: PolygonTool) => click(tool, at(201, 199)), (tool: PolygonTool) => void tool.finish()]) {
      const tool = new PolygonTool(host);
      for (const corner of corners) click(tool, corner);
      expect(host.log).toEqual([]);
      end(tool);
      expect(host.log.splice(0)).toEqual(['fill 100,100 200,100 200,200']);
      expect(tool.sketch).toBeNull();
    }
  });

  it('shows what is drawn, and when a click would close it', () => {
    const tool = new PolygonTool(host);
    for (const corner of corners) click(tool, corner);
    tool.move(at(150, 250));
    expect(tool.sketch).toEqual({ kind: 'outline', points: [[100, 100], [200, 100], [200, 200]], to: [150, 250], closes: false });
    tool.move(at(102, 102));
    expect(tool.sketch).toMatchObject({ closes: true });
  });

  it('takes corners back one by one, and is over with the last', () => {
    const tool = new PolygonTool(host);
    for (const corner of corners) click(tool, corner);
    expect([tool.back(), tool.back()]).toEqual([true, true]);
    expect(tool.sketch).toMatchObject({ points: [[100, 100]] });
    expect([tool.back(), tool.back()]).toEqual([true, false]);
    expect(tool.finish()).toBe(false);
    expect(host.log).toEqual([]);
  });

  it('is a lasso when the first press is dragged; a drag in between draws a part of the line', () => {
    const lasso = new PolygonTool(host);
    lasso.down(at(100, 100));
    for (const p of [at(150, 100), at(151, 100), at(150, 150)]) lasso.move(p);
    lasso.up(at(150, 150));
    expect(host.log.splice(0)).toEqual(['fill 100,100 150,100 150,150']);
    const mixed = new PolygonTool(host);
    click(mixed, at(100, 100));
    mixed.down(at(200, 100));
    mixed.move(at(210, 110));
    mixed.move(at(210, 140));
    mixed.up(at(210, 140));
    expect(host.log).toEqual([]);
    mixed.finish();
    expect(host.log).toEqual(['fill 100,100 210,110 210,140']);
  });

  it('leaves nothing when cancelled, with less than three corners, or where it may only be read', () => {
    const tool = new PolygonTool(host);
    for (const corner of corners) click(tool, corner);
    expect(tool.cancel()).toBe(true);
    expect(tool.cancel()).toBe(false);
    click(tool, at(1, 1));
    click(tool, at(50, 1));
    expect(tool.finish()).toBe(true);
    host.readOnly = true;
    for (const corner of corners) click(tool, corner);
    expect([tool.sketch, host.log]).toEqual([null, []]);
  });
});

describe('brush', () => {
  const drag = (tool: BrushTool, alt: boolean): void => {
    tool.down(at(10, 10, alt));
    tool.move(at(10.5, 10, alt));
    tool.move(at(20, 10, alt));
    tool.up();
  };

  it('paints one stroke per drag, erases with Alt, the other way round when it is switched over', () => {
    const tool = new BrushTool(host);
    drag(tool, false);
    drag(tool, true);
    host.brush = { diameter: 4, erasing: true };
    drag(tool, false);
    drag(tool, true);
    expect(host.log).toEqual(['paint 8 10,10 20,10', 'erase 8 10,10 20,10', 'erase 4 10,10 20,10', 'paint 4 10,10 20,10']);
  });

  it('shows the stroke, leaves nothing when cancelled, and does nothing where it may only be read', () => {
    const tool = new BrushTool(host);
    tool.down(at(10, 10));
    expect(tool.sketch).toEqual({ kind: 'stroke', points: [[10, 10]], diameter: 8, erases: false });
    expect(tool.cancel()).toBe(true);
    tool.up();
    host.readOnly = true;
    drag(tool, false);
    expect([host.log, tool.cursor()]).toEqual([[], 'default']);
  });
});
