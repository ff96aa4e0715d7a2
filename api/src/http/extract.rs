//! Bodies, paths and queries, with every refusal a problem.

use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::problem::{Problem, Rule};

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// [`Rule::BodyTooLarge`], or [`Rule::BodyMalformed`] when the client stops in the middle.
pub async fn read_body(mut request: Request, limit: usize) -> Result<Bytes, Problem> {
    DefaultBodyLimit::max(limit).apply(&mut request);
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        let too_long = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if too_long { Rule::BodyTooLarge { limit } } else { Rule::BodyMalformed { reason: "it ends before its length".into() } }.into()
    })
}

/// The media type without its parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A JSON body.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        if media_type(request.headers()) != "application/json" {
            return Err(Rule::MediaType { expected: "application/json" }.into());
        }
        let bytes = read_body(request, app.config.limits.body_bytes as usize).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|e| Rule::BodyMalformed { reason: e.to_string() }.into())
    }
}

/// Parameters in the path.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, app).await;
        path.map(|p| Self(p.0)).map_err(|e: PathRejection| Rule::PathMalformed { reason: e.body_text() }.into())
    }
}

/// Parameters in the query.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        query.map(|q| Self(q.0)).map_err(|e: QueryRejection| Rule::QueryMalformed { reason: e.body_text() }.into())
    }
}

/// Fields of an `application/x-www-form-urlencoded` body; none for a broken escape or text that is no UTF-8.
pub fn form_fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let decode = |text: &[u8]| {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match first {
                b'+' => out.push(b' '),
                b'%' => {
                    let mut byte = [0];
                    hex::decode_to_slice(tail.get(..2)?, &mut byte).ok()?;
                    out.push(byte[0]);
                    rest = &tail[2..];
                }
                other => out.push(*other),
            }
        }
        String::from_utf8(out).ok()
    };
    let fields = body.split(|b| *b == b'&').filter(|f| !f.is_empty()).map(|field| {
        let at = field.iter().position(|b| *b == b'=').unwrap_or(field.len());
        Some((decode(&field[..at])?, decode(field.get(at + 1..).unwrap_or_default())?))
    });
    fields.collect()
}

/// What answers where there is nothing.
pub async fn nothing_here() -> Problem {
    Rule::NotFound.into()
}

/// What answers to a method that a path does not have.
pub async fn wrong_method() -> Problem {
    Rule::MethodNotAllowed.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn forms_decode_strictly() {
        let fields = |text: &str| form_fields(text.as_bytes());
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(fields("a=1&b=%7B%22x%22%3A+%22%C3%A9%22%7D"), Some(vec![pair("a", "1"), pair("b", "{\"x\": \"é\"}")]));
        assert_eq!(fields("a&=b&c=d=e"), Some(vec![pair("a", ""), pair("", "b"), pair("c", "d=e")]));
        assert_eq!(fields(""), Some(vec![]));
        for bad in ["a=%", "a=%1", "a=%zz", "a=%ff"] {
            assert_eq!(fields(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn bodies_are_bounded() {
        assert_eq!(read_body(Request::new(Body::from("12345")), 5).await.unwrap(), "12345");
        assert_eq!(read_body(Request::new(Body::from("123456")), 5).await.unwrap_err().code(), "body-too-large");
    }
}
