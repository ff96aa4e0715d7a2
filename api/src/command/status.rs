//! `probityd status`: how a running node is, from its own API.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::CommandError;
use crate::config::Config;
use crate::home::Home;

/// How long to wait for the node.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn run(home: &Home) -> Result<(), CommandError> {
    let mut address = Config::load(&home.config())?.api.listen;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    for path in ["/readyz", "/v1/chain"] {
        let answer = get(address, path).map_err(|source| CommandError::Unreachable { address, source })?;
        println!("{}", answer.trim());
    }
    Ok(())
}

/// The body of an answer: enough HTTP for one's own node.
fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    Ok(body.to_owned())
}
