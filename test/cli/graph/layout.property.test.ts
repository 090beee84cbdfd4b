// The picture of any graph: boxes beside each other, lines between them, and the same every time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf } from '../../../src/cli/graph/layout.ts';
import { type StackGraph, stackGraph } from '../../../src/cli/graph/model.ts';
import { aProject, dependsOnStarted } from '../../support/project-builder.ts';

const OPTIONS = {
  ...{ boxWidth: 200, laneWidth: 12, gapX: 36, gapY: 60, top: 50 },
  heightOf: ({ name }: { readonly name: string }): number => 40 + name.length,
};

/** Services that depend on some of those before them. */
const graphs: fc.Arbitrary<StackGraph> = fc
  .array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 16 })
  .map((all) => {
    const services = all.map((wanted, index) => {
      const names = wanted.filter((other) => other < index).map((other) => [`s${other}`, dependsOnStarted] as const);
      return [`s${index}`, { depends_on: Object.fromEntries(names) }] as const;
    });
    return stackGraph(aProject({ services: Object.fromEntries(services) }));
  });

test('no box lies on another, no line runs behind one, and all of it is inside', () => {
  fc.assert(
    fc.property(graphs, ({ services }) => {
      const { boxes, lines, width, bottom } = layoutOf(services, OPTIONS);
      expect(boxes.map(({ node }) => node.name).sort()).toEqual(services.map(({ name }) => name).sort());
      expect(lines).toHaveLength(services.flatMap(({ dependsOn }) => dependsOn).length);
      for (const [index, a] of boxes.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + OPTIONS.boxWidth).toBeLessThanOrEqual(width);
        expect(a.y + a.height).toBeLessThanOrEqual(bottom);
        for (const b of boxes.slice(index + 1))
          if (a.y === b.y) expect(Math.abs(a.x - b.x)).toBeGreaterThanOrEqual(OPTIONS.boxWidth);
      }
      for (const { from, to, points } of lines) {
        const ys = points.map(({ y }) => y);
        expect(ys, `${from} → ${to}`).toEqual([...ys].sort((a, b) => a - b));
        // Between the curves a line runs straight down, past the boxes of a layer.
        for (const { x, y } of points.slice(1, -1))
          for (const box of boxes)
            if (y >= box.y && y <= box.y + box.height)
              expect(x < box.x || x > box.x + OPTIONS.boxWidth, `${from} → ${to} at ${box.node.name}`).toBe(true);
      }
      expect(layoutOf(services, OPTIONS)).toEqual({ boxes, lines, width, bottom });
    }),
    { numRuns: 300 },
  );
});
