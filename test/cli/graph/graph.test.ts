// The picture of a project, in every form it can be drawn in.
import { describe, expect, it } from 'vitest';
import { dot, mermaid } from '../../../src/cli/graph/diagram-text.ts';
import { escapeXml, page } from '../../../src/cli/graph/escape.ts';
import { healthByService } from '../../../src/cli/graph/health.ts';
import { stackGraph } from '../../../src/cli/graph/model.ts';
import { graphSvg } from '../../../src/cli/graph/svg.ts';
import { graphText } from '../../../src/cli/graph/text.ts';
import type { ObservedContainer } from '../../../src/engine/engine.ts';
import { aProject, dependsOnHealthy, dependsOnStarted } from '../../support/project-builder.ts';

const PROJECT = aProject({
  networks: { default: { name: 'shop_default', ipam: {} } },
  volumes: { data: { name: 'shop_data' } },
  services: {
    web: {
      image: 'nginx:1',
      ports: [{ target: 80, published: '8080', host_ip: '127.0.0.1' }],
      depends_on: { api: dependsOnHealthy, cache: { condition: 'service_started', required: false } },
    },
    api: { build: { context: '.' }, depends_on: { db: dependsOnStarted } },
    worker: { depends_on: { api: dependsOnStarted } },
    db: { volumes: [{ type: 'volume', source: 'data', target: '/d' }] },
    cache: {},
  },
});

describe('a project', () => {
  const graph = stackGraph(PROJECT);

  it('has every service above what it depends on', () => {
    const layer = new Map(graph.services.map(({ name, layer: its }) => [name, its]));
    for (const { name, dependsOn } of graph.services)
      for (const { service } of dependsOn) expect(layer.get(name)).toBeGreaterThan(layer.get(service) ?? Infinity);
    expect(layer.get('db')).toBe(0);
    expect(layer.get('web')).toBe(2);
  });

  it('as a tree', () => {
    expect(graphText(graph)).toBe(`shop
├─ worker  busybox
│  └─ api  shop-api
│     └─ db  busybox
└─ web  nginx:1  127.0.0.1:8080→80/tcp
   ├─ api (healthy)  shop-api  …
   └─ cache (if it can be)  busybox
networks  default: api, cache, db, web, worker
volumes   data: db
`);
  });

  it('as Mermaid text', () => {
    const text = mermaid(graph);
    expect(text).toMatch(/^flowchart TD\n/);
    expect(text).toContain('["web<br/>nginx:1<br/>127.0.0.1:8080→80/tcp"]');
    expect(text).toMatch(/s\d+ -->\|healthy\| s\d+/);
    expect(text).toMatch(/s\d+ -\.->\|started\| s\d+/);
    expect(text).not.toContain('style');
  });

  it('as Graphviz text', () => {
    const text = dot(graph);
    expect(text).toContain('"web" -> "cache" [label="started", style=dashed];');
    expect(text).toContain('"db" -> "volume data" [dir=none, color=gray];');
    expect(text.trim()).toMatch(/^digraph "shop" \{[\s\S]*\}$/);
  });

  it('as a picture that needs nothing else', () => {
    const svg = graphSvg(graph);
    for (const { name } of graph.services) expect(svg).toContain(`>${name}</text>`);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|href=/);
    const opened = [...svg.matchAll(/<(\w+)(?=[\s>])[^>]*?(\/?)>/g)].filter(([, , selfClosed]) => selfClosed === '');
    expect(opened).toHaveLength([...svg.matchAll(/<\/\w+>/g)].length);
    expect(page('x', svg)).toContain("default-src 'none'");
  });
});

describe('names that are more than names', () => {
  const graph = stackGraph(aProject({ services: { web: { image: '"]<script>alert(1)</script>\u0007' } } }));
  it('stay text', () => {
    expect(graphSvg(graph)).not.toContain('<script');
    expect(escapeXml('<a b="c">&\u0001\'')).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&#39;');
    expect(mermaid(graph)).toContain('#quot;]');
    expect(dot(graph)).toContain('\\"]');
  });
});

describe('how services fare', () => {
  const container = (service: string, change: Partial<ObservedContainer>): ObservedContainer => ({
    ...{ id: service, name: service, image: '', imageId: '', command: '', state: 'running', health: undefined },
    ...{ exitCode: undefined, status: '', createdAt: 0, networks: {}, mounts: [], ports: [] },
    labels: { 'com.docker.compose.service': service, 'com.docker.compose.oneoff': 'False' },
    ...change,
  });
  it.each<[string, readonly Partial<ObservedContainer>[], string]>([
    ['nothing', [], 'absent'],
    ['one that runs', [{}], 'running'],
    ['one that is healthy', [{ health: 'healthy' }], 'healthy'],
    ['one of two that is not', [{ health: 'healthy' }, { health: 'unhealthy' }], 'unhealthy'],
    ['one that did its work', [{ state: 'exited', exitCode: 0 }], 'completed'],
    ['one that broke', [{ state: 'exited', exitCode: 3 }, {}], 'failed'],
    ['one that waits', [{ state: 'created' }], 'stopped'],
    ['one that keeps dying', [{ state: 'restarting' }], 'starting'],
  ])('%s', (_, states, expected) => {
    const containers = states.map((state) => container('web', state));
    expect(healthByService(aProject(), containers)).toEqual({ web: expected });
  });
  it('colours the pictures', () => {
    const graph = stackGraph(aProject(), { web: 'unhealthy' });
    for (const text of [graphSvg(graph), mermaid(graph), dot(graph)]) expect(text).toContain('#cf222e');
    expect(graphText(graph)).toContain('└─ ✗ web  busybox  unhealthy');
  });
});
