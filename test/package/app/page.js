import { connect } from 'portmesh/renderer';

const name = location.hash.slice(1);
const other = name === 'a' ? 'b' : 'a';
const bus = await connect({ name });
bus.handle(`greet ${name}`, (event) => `${name} greets ${event.sender.name}`);
const greeting = await bus.with({ wait: 30_000 }).request(`greet ${other}`);
document.querySelector('#preload').textContent = await bus.request('preload');
document.querySelector('#greeting').textContent = greeting;
