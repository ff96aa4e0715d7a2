//! The messages of block sync, as [`crate::engine::codec`] has the others.

use crate::engine::codec::{Wire, WireError};
use crate::engine::context::{BlockHeight, EngineContext};
use arc_malachitebft_app_channel::app::types::PeerId;
use arc_malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use arc_malachitebft_sync::{ValueRequest, ValueResponse};
use borsh::{BorshDeserialize, BorshSerialize};
use probity_ledger::certificate::Certificate;

/// No response is longer, whatever the configuration.
pub(crate) const RESPONSE_BYTES_MAX: usize = 256 * 1024 * 1024;

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainStatus {
    peer_id: Vec<u8>,
    tip: u64,
    base: u64,
}

impl Wire for Status<EngineContext> {
    type Plain = PlainStatus;
    const WHAT: &'static str = "a status";
    const LIMIT: usize = 256;

    fn plain(&self) -> Result<PlainStatus, WireError> {
        Ok(PlainStatus { peer_id: self.peer_id.to_bytes(), tip: self.tip_height.0, base: self.history_min_height.0 })
    }

    fn from_plain(s: PlainStatus) -> Result<Self, WireError> {
        let peer_id = PeerId::from_bytes(&s.peer_id).map_err(|_| WireError::PeerId)?;
        Ok(Self { peer_id, tip_height: BlockHeight(s.tip), history_min_height: BlockHeight(s.base) })
    }
}

impl Wire for Request<EngineContext> {
    type Plain = (u64, u64);
    const WHAT: &'static str = "a sync request";
    const LIMIT: usize = 16;

    fn plain(&self) -> Result<(u64, u64), WireError> {
        let Self::ValueRequest(request) = self;
        Ok((request.range.start().0, request.range.end().0))
    }

    fn from_plain((first, last): (u64, u64)) -> Result<Self, WireError> {
        Ok(Self::ValueRequest(ValueRequest::new(BlockHeight(first)..=BlockHeight(last))))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainDecided {
    bytes: Vec<u8>,
    certificate: Certificate,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct PlainResponse {
    first: u64,
    blocks: Vec<PlainDecided>,
}

impl Wire for Response<EngineContext> {
    type Plain = PlainResponse;
    const WHAT: &'static str = "a sync response";
    const LIMIT: usize = RESPONSE_BYTES_MAX;

    fn plain(&self) -> Result<PlainResponse, WireError> {
        let Self::ValueResponse(response) = self;
        let block = |v: &RawDecidedValue<_>| Ok(PlainDecided { bytes: v.value_bytes.to_vec(), certificate: v.certificate.plain()? });
        let blocks = response.values.iter().map(block).collect::<Result<_, WireError>>()?;
        Ok(PlainResponse { first: response.start_height.0, blocks })
    }

    fn from_plain(r: PlainResponse) -> Result<Self, WireError> {
        let block = |b: PlainDecided| Ok(RawDecidedValue::new(b.bytes.into(), Wire::from_plain(b.certificate)?));
        let values = r.blocks.into_iter().map(block).collect::<Result<_, WireError>>()?;
        Ok(Self::ValueResponse(ValueResponse::new(BlockHeight(r.first), values)))
    }
}
