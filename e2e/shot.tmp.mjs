import { chromium } from '@playwright/test';
import { readFileSync } from 'node:fs';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const full = JSON.parse(readFileSync('/work/t/scratch-lead/openapi.json','utf8'));
const drop = process.argv.slice(2);
const p = await b.newPage({ viewport: { width: 1200, height: 900 } });
p.on('console', m => console.log(m.type(), m.text().slice(0,400)));
p.on('pageerror', e => console.log('ERR', e.message, (e.stack||'').slice(0,800)));
for (const name of drop) delete full.paths[name];
if (drop.length) await p.route('**/openapi.json', r => r.fulfill({ json: full }));
const t=Date.now();
await p.goto('http://127.0.0.1:8097/docs');
for (let i=0;i<4;i++){ await p.waitForTimeout(3000); const n=await p.locator('.opblock-tag').count(); const m=await p.locator('.opblock').count(); console.log(Date.now()-t,n,m); if(n>5)break; }
await b.close();
