import { startRedis } from '@chainr/testkit/redis';
import { createService as createGate } from '@chainr/gate/service';
import { createService as createSched } from '@chainr/sched/service';
import { parseServiceUrl } from '@chainr/core/service/address';
it('cuts through gate', async () => {
  const redis = await startRedis(); const listen={host:'127.0.0.1',port:0};
  const sched = createSched({redisUrl: redis.url, listen, logLevel:'silent', executorKind:'fake'}); await sched.start();
  const at=parseServiceUrl(sched.url);
  const gate = createGate({listen, sched: at, notif: at, ui: at, logLevel:'silent'}); await gate.start();
  const r = await fetch(gate.url+'/api/runs',{method:'POST',headers:{'content-type':'application/json','x-chainr-caller':'evil','idempotency-key':'k'},body:JSON.stringify({kind:'Pipeline',jobs:{a:{image:'x',run:'y'}}})});
  const {metadata:{uid}} = await r.json() as {metadata:{uid:string}};
  const f = await fetch(`${gate.url}/api/runs/${uid}/jobs/a/logs?follow=true`);
  console.log(r.status, f.status, Object.fromEntries(f.headers));
  const t = f.text().then(()=>'ended',(e)=>'cut '+e);
  await sched.stop(); console.log(await t); 
  const away = await fetch(gate.url+'/api/runs'); console.log(away.status, away.headers.get('retry-after'), await away.text());
  await gate.stop(); await redis.stop();
});
