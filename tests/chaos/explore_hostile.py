import asyncio, sys, time, os, json
from pathlib import Path
from uuid import uuid4
from namespace.testing.site import running_site, eventually
from namespace.transport import BrokerUrl
from tests.chaos.hostile import *
from tests.chaos.orders import Orders
from tests.chaos.run import PLANT
from namespace.servers.ports import LOOPBACK
from namespace.contracts.ids import uuid7
import urllib.request

def rss(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])*4096/2**20

def show(site, what, t0=None):
    names=[s.name for s in site.state().services]+["broker"]
    out=[]
    for n in names:
        try: out.append(f"{n}={rss(site.pid_of(n)):.0f}")
        except Exception as e: out.append(f"{n}=?")
    print(f"{what:30s}", "" if t0 is None else f"{time.monotonic()-t0:.1f}s", " ".join(out), [ (s.name,s.reasons) for s in site.state().services if s.reasons], flush=True)

async def account(site, name, *a):
    p=await asyncio.create_subprocess_exec(sys.executable,"-m","namespace.cli","account","add",name,*a,"--password-stdin",env=site.environment,stdin=asyncio.subprocess.PIPE,stdout=asyncio.subprocess.PIPE,stderr=asyncio.subprocess.STDOUT)
    o,_=await p.communicate(b"only-for-tests\n"); assert p.returncode==0,o
    u=site.broker_url("cli")
    return BrokerUrl(u.host,u.port,username=name,password="only-for-tests")

async def main():
    which=sys.argv[1:]
    with running_site(PLANT, without=("console","simulator")) as site:
        await site.ready()
        url=await account(site,"hostile","--role","edge-node","--group",GROUP,"--node",NODE)
        calm=await account(site,"calm","--role","edge-node","--group","Chaos","--node","C01-PLC")
        dash=await account(site,"dash","--role","dashboard")
        await asyncio.sleep(1)
        orders=Orders(1,"H")
        client=site.client()
        seen={}
        client.listen("uns/v1/Acme/Chaos/Cells/C01/Cell/Process/Number", lambda m: seen.__setitem__("v", json.loads(m.payload)["value"]))
        async with client.connected(), rough_client(calm,"calm") as c:
            now=lambda: time.time_ns()//10**6
            seq=count()
            def pub(kind,ms,dev=""): return publish(f"spBv1.0/Chaos/{kind}/C01-PLC"+(f"/{dev}" if dev else ""), encode_payload(Payload(timestamp=now(),seq=next(seq)%256,metrics=tuple(ms))))
            await c.send([pub("NBIRTH",birth()), pub("DBIRTH",[Metric(name="Process/Number",timestamp=now(),datatype=DataType.Int64,value=0)],"Cell")])
            n=count(1)
            async def probe(what):
                t0=time.monotonic()
                v=next(n)
                await c.send([pub("DDATA",[Metric(name="Process/Number",timestamp=now(),datatype=DataType.Int64,value=v)],"Cell")])
                async def is_there(): return seen.get("v")==v
                try:
                    await eventually(is_there, within_s=40, what="current")
                    t1=time.monotonic()
                    await orders.one(client)
                    print(f"   probe {what}: value current after {t1-t0:.2f}s, command {time.monotonic()-t1:.2f}s", flush=True)
                except AssertionError as e:
                    print((await client.queries.ask("namespace_state","nodes")).data[-3:], site.tail(30))
                    print("   PROBE FAILED", e, seen, v)
            await probe("calm")
            show(site,"before")
            async with rough_client(url,"h") as h:
                if "none" in which:
                    for _ in range(3): await probe("none")
                if "garbage" in which:
                    t0=time.monotonic(); await h.send(garbage(20000,1)); await probe("garbage"); show(site,"garbage",t0)
                if "bomb" in which:
                    t0=time.monotonic(); await h.send(bomb(500_000_000) for _ in range(20)); await probe("bombs"); show(site,"bombs",t0)
                if "big" in which:
                    t0=time.monotonic(); await h.send([oversized_birth(300_000)]*5); await probe("oversized"); show(site,"oversized",t0)
                if "bigger" in which:
                    t0=time.monotonic(); await h.send([publish(topic("NBIRTH"), bytes(9_000_000))]); await probe("over 8 MB"); show(site,"over 8MB",t0)
            async with rough_client(url,"h") as h:
                if "flood" in which:
                    s=Sequence(); t0=time.monotonic()
                    await h.send([s.message("NBIRTH",birth()), s.message("DBIRTH",metrics(10),"d")])
                    await h.send(s.message("DDATA",metrics(10),"d") for _ in range(30000)); print("sent", time.monotonic()-t0)
                    await probe("flood"); show(site,"flood",t0)
                    for _ in range(3): await asyncio.sleep(3); await probe("flood+"); show(site,"flood+",t0)
                if "million" in which:
                    s=Sequence(); t0=time.monotonic()
                    await h.send([s.message("NBIRTH",birth())])
                    await h.send(s.message("DBIRTH",metrics(5000),f"d{k}") for k in range(200)); print("sent", time.monotonic()-t0)
                    for k in range(10):
                        await probe("million"); show(site,"million",t0); await asyncio.sleep(5)
            if "slow" in which:
                async with rough_client(dash,"dash",read_bytes=1024) as d, rough_client(url,"h") as h:
                    await d.send([subscribe("spBv1.0/#"), subscribe("uns/v1/Acme/Chaos/#")]); t0=time.monotonic()
                    big=publish(topic("DDATA","x"), bytes(100_000))
                    for _ in range(20):
                        await h.send(big for _ in range(500)); await probe("slow"); show(site,"slow reader",t0)
            if "half" in which or "many" in which:
                t0=time.monotonic()
                socks=[]
                try:
                    for k in range(3000):
                        r,w=await asyncio.open_connection(url.host,url.port); socks.append(w)
                        if "many" in which: w.write(connect(url,f"m{k}"))
                except OSError as e: print("refused after",len(socks),e)
                await asyncio.sleep(2)
                await probe("many"); show(site,f"{len(socks)} connections",t0)
                try:
                    g=site.client()
                    async with g.connected(): print("a new guest got in")
                except Exception as e: print("NEW GUEST:",repr(e))
                pid=site.kill("oee")
                try: await site.back("oee",pid,within_s=40); print("oee came back")
                except AssertionError as e:
                    print((await client.queries.ask("namespace_state","nodes")).data[-3:], site.tail(30))
                for w in socks: w.transport.abort()
asyncio.run(main())
