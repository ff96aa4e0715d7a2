//! Rude clients.

use crate::client::read_answer;
use crate::world::{World, world};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

#[test]
fn slow_headers_are_cut_off() {
    let mut stream = world().client().connect();
    let begun = Instant::now();
    stream.write_all(b"GET /v1/chain HTTP/1.1\r\nHost: a\r\n").unwrap();
    // a byte now and then does not reset the timer
    loop {
        std::thread::sleep(Duration::from_millis(300));
        if stream.write_all(b"x").is_err() || begun.elapsed() > Duration::from_secs(10) {
            break;
        }
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        if matches!(stream.read(&mut [0; 64]), Ok(0)) {
            break;
        }
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn idle_connections_are_closed() {
    let mut stream = world().client().connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    let begun = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(stream.read(&mut [0; 64]).unwrap(), 0);
    assert!(begun.elapsed() < Duration::from_secs(6));
}

#[test]
fn too_many_or_too_long_headers_are_refused() {
    let client = world().client();
    let many = (0..100).fold(client.clone(), |c, i| c.with_header(&format!("x-{i}"), "1"));
    assert_eq!(many.get("/healthz").status, 431);
    assert_eq!(client.with_header("x-long", &"a".repeat(64 * 1024)).get("/healthz").status, 431);
    assert_eq!(client.get("/healthz").status, 200);
}

#[test]
fn a_slow_body_times_out_and_connections_are_counted() {
    let mut world = World::new(|config| {
        config.limits.request_seconds = 2;
        config.limits.connections = 4;
        config.limits.header_read_seconds = 3;
        config.limits.shutdown_seconds = 1;
    });
    let client = world.client().clone();
    let mut stream = client.connect();
    stream
        .write_all(b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
        .unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().problem(), (408, "timeout".into()));
    drop(stream);

    // all places taken by silent clients: another waits, and is served when the timer has freed one
    let silent: Vec<_> = (0..4).map(|_| client.connect()).collect();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    assert_eq!(client.get("/healthz").status, 200);
    assert!(begun.elapsed() > Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(silent);

    // a request that never ends does not keep the node from stopping
    let mut stuck = client.connect();
    stuck.write_all(b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    let address = client.address;
    world.node.stop();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(std::net::TcpStream::connect(address).is_err());
}
