import { describe, expect, it } from 'vitest';
import { GoTemplate } from '../../../src/cli/output/go-template/index.ts';
import { TYPE_NAME } from '../../../src/cli/output/go-template/values.ts';

const row = {
  [TYPE_NAME]: '*formatter.ContainerContext',
  Name: 'shop-web-1',
  Status: 'Up 2 minutes',
  ExitCode: 0,
  Publishers: [
    { URL: '0.0.0.0', TargetPort: 80, PublishedPort: 8080, Protocol: 'tcp' },
    { URL: '::', TargetPort: 80, PublishedPort: 8080, Protocol: 'tcp' },
  ],
  Networks: ['front', 'back'],
  None: [],
  Empty: '',
  Map: new Map([
    ['b', 2],
    ['a', 1],
  ]),
  Label: (key: unknown) => (key === 'team' ? 'blue' : ''),
};

const render = (text: string): string => new GoTemplate(text).render(row);

describe('a Go template prints what Go prints', () => {
  it.each([
    ['plain text', 'plain text'],
    ['{{.Name}}: {{.Status}}', 'shop-web-1: Up 2 minutes'],
    ['{{ .Name -}}   x', 'shop-web-1x'],
    ['x   {{- .Name }}', 'xshop-web-1'],
    ['{{/* nothing */}}x', 'x'],
    ['a {{- /* nothing */ -}} b', 'ab'],
    ['{{.ExitCode}}', '0'],
    ['{{"quoted \\"text\\"\\n"}}', 'quoted "text"\n'],
    ['{{`raw \\n`}}', 'raw \\n'],
    ['{{"{{.Name}}"}}', '{{.Name}}'],
    ['{{.Publishers}}', '[{0.0.0.0 80 8080 tcp} {:: 80 8080 tcp}]'],
    ['{{.Map}}', 'map[a:1 b:2]'],
    ['{{range .Publishers}}{{.URL}};{{end}}', '0.0.0.0;::;'],
    ['{{range $i, $p := .Publishers}}{{$i}}={{$p.TargetPort}} {{end}}', '0=80 1=80 '],
    ['{{range .Map}}{{.}}{{end}}', '12'],
    ['{{range $k, $v := .Map}}{{$k}}{{$v}}{{end}}', 'a1b2'],
    ['{{range .None}}x{{else}}none{{end}}', 'none'],
    ['{{range .Networks}}{{if eq . "back"}}{{break}}{{end}}{{.}}{{end}}', 'front'],
    ['{{range .Networks}}{{if eq . "front"}}{{continue}}{{end}}{{.}}{{end}}', 'back'],
    ['{{if .Empty}}a{{else if .ExitCode}}b{{else}}c{{end}}', 'c'],
    ['{{if and .Name (eq .ExitCode 0)}}fine{{end}}', 'fine'],
    ['{{if or .Empty .Name}}yes{{end}}', 'yes'],
    ['{{if not .Empty}}empty{{end}}', 'empty'],
    ['{{if eq .Name "x" "shop-web-1"}}one of{{end}}', 'one of'],
    ['{{if gt 3 2}}gt{{end}}{{if le 2 2}}le{{end}}{{if ne "a" "b"}}ne{{end}}', 'gtlene'],
    ['{{with .Name}}{{.}}{{end}}{{with .Empty}}x{{else}}y{{end}}', 'shop-web-1y'],
    ['{{with $n := .Name}}{{$n}} {{$.Status}}{{end}}', 'shop-web-1 Up 2 minutes'],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{.Name | upper | printf "%-12s|"}}', 'SHOP-WEB-1  |'],
    ['{{printf "%s %d %5.1f %q %v %%" "a" 3 2.25 "b" true}}', 'a 3   2.3 "b" true %'],
    ['{{join .Networks ", "}}', 'front, back'],
    ['{{json .Networks}}', '["front","back"]'],
    ['{{json "<&>"}}', '"<&>"'],
    ['{{title "two words"}} {{lower "ABC"}}', 'Two Words abc'],
    ['{{pad .Name 1 2}}|{{pad "" 3 3}}|', ' shop-web-1  ||'],
    ['{{truncate .Name 4}}', 'shop'],
    ['{{index .Networks 1}} {{index .Map "b"}} {{len .Networks}}', 'back 2 2'],
    ['{{slice .Name 0 4}}', 'shop'],
    ['{{.Label "team"}}{{.Label "other"}}', 'blue'],
    ['{{(index .Publishers 0).URL}}', '0.0.0.0'],
    ['{{define "T"}}<{{.}}>{{end}}{{template "T" .Name}}', '<shop-web-1>'],
    ['{{println 1 2}}', '1 2\n'],
    ['{{print 1 2 "x" 3}}', '1 2x3'],
    ['{{html "<a>"}}', '&lt;a&gt;'],
  ])('%s', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it('gives a struct as JSON with its fields in alphabetical order, without its methods', () => {
    const struct = { B: '<', A: 1, M: () => 'x' };
    expect(new GoTemplate('{{json .}}').render(struct)).toBe('{"A":1,"B":"\\u003c"}');
  });
});

describe('what is wrong with a template is said in docker’s words', () => {
  it.each([
    [
      '{{.Foo}}',
      `template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`,
    ],
    [
      'a\n  {{.Foo}}',
      `template: :2:4: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`,
    ],
    ['{{.Name', 'template: :1: unclosed action'],
    ['{{foo .Name}}', 'template: :1: function "foo" not defined'],
    ['{{"abc}}', 'template: :1: unterminated quoted string'],
    ['{{if .Name}}x', 'template: :1: unexpected EOF'],
    ['{{end}}', 'template: :1: unexpected {{end}}'],
    ['{{}}', 'template: :1: missing value for command'],
    [
      '{{index .Networks 7}}',
      'template: :1:2: executing "" at <index .Networks 7>: error calling index: index out of range: 7',
    ],
    ['{{eq .Name 1}}', 'template: :1:2: executing "" at <eq .Name 1>: incompatible types for comparison'],
  ])('%s', (template, message) => {
    expect(() => render(template)).toThrow(`template parsing error: ${message}`);
  });
});
