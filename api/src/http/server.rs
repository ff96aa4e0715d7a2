//! The accept loop: connections are counted, headers have a timer and limits, connections a longest life, and stopping a deadline.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tower::ServiceExt;

use crate::config::LimitsConfig;
use crate::metrics::Metrics;

/// How long to wait after the system had no file descriptor or memory for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is done, then gives running requests until the deadline.
///
/// # Errors
/// When the listener is gone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: LimitsConfig,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(limits.connections as usize));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        // a connection is accepted only when there is room for it: the others wait in the system's backlog
        let permit = tokio::select! {
            () = &mut stop => break,
            permit = Arc::clone(&permits).acquire_owned() => permit.map_err(io::Error::other)?,
        };
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (router, stopped, metrics) = (router.clone(), stopped.clone(), Arc::clone(&metrics));
        metrics.connections.inc();
        connections.spawn(async move {
            connection(stream, router, limits, stopped).await;
            metrics.connections.dec();
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    // receivers are the connections: if none is left there is nobody to tell
    let _ = stopping.send(true);
    let deadline = Instant::now() + Duration::from_secs(limits.shutdown_seconds);
    while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
    if !connections.is_empty() {
        tracing::warn!(connections = connections.len(), "requests were still running at the deadline and are cut off");
        connections.shutdown().await;
    }
    Ok(())
}

async fn connection(stream: TcpStream, router: Router, limits: LimitsConfig, mut stopped: watch::Receiver<bool>) {
    // answers are small: without this the last packet of each may wait for an acknowledgement
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never: Infallible| match never {})) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_read_seconds))
        .max_headers(limits.header_count as usize)
        .max_header_size(limits.header_bytes as usize)
        .max_buf_size((limits.header_bytes as usize).max(64 * 1024));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let life = sleep(Duration::from_secs(limits.connection_seconds));
    tokio::pin!(life);
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = &mut life => return,
            _ = stopped.wait_for(|s| *s), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
