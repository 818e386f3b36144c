import { expect } from 'chai';
import { nameOf } from '../../../lib/cli/doctor/speaker-name.js';
import { answer, ECHO, nginxPage, page, PASSED_ON, problem, read } from './answers.js';

describe('nameOf', () => {
  it('names everybody who may answer', () => {
    expect(nameOf(read(problem(401, 'bad_path')))).to.equal('The gateway');
    expect(nameOf(read(answer(200, ECHO)))).to.equal('The service');
    expect(nameOf(read(answer(200, PASSED_ON)))).to.equal('The service behind api-gateway');
    expect(nameOf(read(problem(401, 'invalid_token')))).to.equal('The gateway or the service');
    expect(nameOf(read(answer(200)))).to.match(/^Something that is neither/);
    expect(nameOf(read(nginxPage(403)))).to.equal('Something in between (nginx)');
    expect(nameOf(read(page(403, '<html>')))).to.equal('Something in between');
    expect(nameOf(read(nginxPage(403, PASSED_ON)))).to.equal('Something between api-gateway and the service (nginx)');
  });
});
