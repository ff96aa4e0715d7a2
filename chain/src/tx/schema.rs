//! `register_schema`: a schema, or a version of one that has grown.

use super::{BlockContext, Execution};
use crate::state::View;
use probity_ledger::address::Address;
use probity_ledger::error::TxError;
use probity_ledger::receipt::Event;
use probity_ledger::state_key;
use probity_ledger::state_value::{SchemaEntry, SchemaName};
use probity_ledger::transaction::RegisterSchema;

pub(super) fn execute(view: &mut View<'_>, sender: &Address, p: &RegisterSchema, ctx: &BlockContext<'_>) -> Execution {
    if !view.has(&state_key::institution(sender))? {
        return Err(TxError::NotAnInstitution { sender: *sender }.into());
    }
    let id = p.schema.id();
    if view.has(&state_key::schema(&id))? {
        return Err(TxError::SchemaExists { schema: id }.into());
    }
    let name_key = state_key::schema_name(&p.schema.name);
    if let Some(name) = view.get::<SchemaName>(&name_key)? {
        if name.owner != *sender {
            return Err(TxError::SchemaNameTaken { owner: name.owner }.into());
        }
        let former: SchemaEntry = view.expect(&state_key::schema(&name.newest), "schema")?;
        p.schema.extends(&former.schema).map_err(|e| TxError::SchemaNotGrown { reason: e.to_string() })?;
    }
    view.put(name_key, &SchemaName { owner: *sender, newest: id });
    view.put(state_key::schema(&id), &SchemaEntry { schema: p.schema.clone(), owner: *sender, height: ctx.height });
    Ok(vec![Event::SchemaRegistered { schema: id }])
}
