//! The healthy world, a round trip away: every byte from the tool to it is held up for one, and every connection for one
//! more, as a network does; the way back is immediate.

#[path = "../support/planned.rs"]
mod planned;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use workos_preflight::check::Vantage;
use workos_preflight::checks::GROUPS;
use workos_preflight::context::Context;
use workos_preflight::facts::Facts;
use workos_preflight::host::ThisHost;
use workos_preflight::net::{Layered, Limits, Live, Places, TrustStores};
use workos_preflight::plan::{Choice, Plan};
use workos_preflight::report::Report;
use workos_preflight::secret::Secret;
use workos_preflight::settings::{GivenSecrets, Layer, SETTINGS, Setting, Settings, Source};
use workos_preflight::simulator::{Ground, Simulator, World};

/// Runs the chosen checks against the healthy world, a round trip away: the report, and how long it took.
pub(crate) fn run(round_trip: Duration, only: &[&str]) -> (Report, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::healthy();
        let settings = settings(&world);
        let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();
        let places = delayed(simulator.map(), settings.resolver.as_ref().unwrap().value, round_trip).await;
        let stores = TrustStores::from_pem(simulator.trusted_pem(), simulator.public_roots_pem()).unwrap();
        let facts = Facts::embedded();
        let choice = Choice { only: only.iter().map(|id| (*id).to_owned()).collect(), skip: Vec::new() };
        let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
        let trust = stores.summary.clone();
        let live = Live::played(Limits { attempt: settings.timeout.value }, stores, places);
        let network = Layered::over(live, settings.retries.value);
        let cx = Context { trust, ..Context::new(network, ThisHost::default(), settings, facts, Vantage::Inside) };

        let begun = Instant::now();
        let report = planned::run(plan, Arc::new(cx)).await;
        let took = begun.elapsed();
        (report, took)
    })
}

fn settings(world: &World) -> Settings {
    let mut layer = Layer::default();
    for &setting in SETTINGS {
        let values = world.settings.iter().filter(|(name, _)| *name == setting.name).map(|(_, value)| value.clone());
        layer.give(setting, values, Source::Demonstration);
    }
    let api_key = Some(Setting { value: Secret::new(&world.api_key), source: Source::Demonstration });
    Settings::merge(&[layer], GivenSecrets { api_key, ..GivenSecrets::default() }, Vec::new()).unwrap()
}

/// The same places, each a round trip away.
async fn delayed(real: &HashMap<SocketAddr, SocketAddr>, resolver: SocketAddr, round_trip: Duration) -> Places {
    let mut places = Places::new();
    for (played, real) in real {
        let real = *real;
        if *played == resolver {
            let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            places.insert(*played, far.local_addr().unwrap());
            tokio::spawn(delay_questions(Arc::new(far), real, round_trip));
            continue;
        }
        let far = TcpListener::bind("127.0.0.1:0").await.unwrap();
        places.insert(*played, far.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((near, _)) = far.accept().await {
                tokio::spawn(delay_connection(near, real, round_trip));
            }
        });
    }
    places
}

async fn delay_questions(far: Arc<UdpSocket>, real: SocketAddr, round_trip: Duration) {
    let mut buffer = [0; 4096];
    while let Ok((length, asker)) = far.recv_from(&mut buffer).await {
        let (question, far) = (buffer[..length].to_vec(), Arc::clone(&far));
        tokio::spawn(async move {
            tokio::time::sleep(round_trip).await;
            let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            near.send_to(&question, real).await.unwrap();
            let mut answer = [0; 4096];
            let length = near.recv(&mut answer).await.unwrap();
            let _ = far.send_to(&answer[..length], asker).await;
        });
    }
}

async fn delay_connection(near: TcpStream, real: SocketAddr, round_trip: Duration) {
    let accepted = Instant::now();
    near.set_nodelay(true).unwrap();
    let far = TcpStream::connect(real).await.unwrap();
    far.set_nodelay(true).unwrap();
    let (mut from_tool, mut to_tool) = near.into_split();
    let (mut from_world, mut to_world) = far.into_split();
    let (sent, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_tool.read(&mut buffer).await {
            // The connection itself takes the first round trip.
            let from = Instant::now().max(accepted + round_trip);
            if sent.send((from + round_trip, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((arrives, bytes)) = under_way.recv().await {
            tokio::time::sleep_until(arrives.into()).await;
            if to_world.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let _ = tokio::io::copy(&mut from_world, &mut to_tool).await;
}
