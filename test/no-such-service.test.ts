import { expect, test } from 'vitest';
import { noSuchService } from '../src/no-such-service.ts';

const many = Array.from({ length: 40 }, (_, number) => `s${number}-service`);

test.each<[string, readonly string[], readonly string[], string]>([
  ['wbe', ['db', 'web'], [], 'did you mean "web"?'],
  ['cache', ['web', 'db'], [], 'the services of this project are: db, web'],
  ['cache', many, [], '"windlass config --services" lists the 40 of this project'],
  ['cache', [], [], 'the project has no services'],
  ['debug', ['web'], ['tools', 'dev'], 'enable one of its profiles: tools, dev'],
])('"%s" among %o with profiles %o: %s', (name, known, profiles, hint) => {
  const error = noSuchService(name, known, profiles);
  expect(error).toMatchObject({ message: `no such service: ${name}`, hint, exitCode: 1 });
});
