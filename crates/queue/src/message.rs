//! Message types generated from `proto/`, and the check that turns bytes into a usable value.

use prost::Message as _;
use uuid::Uuid;

mod wire {
    #![expect(unreachable_pub, reason = "generated code is public inside a private module")]
    include!(concat!(env!("OUT_DIR"), "/portal.export.v1.rs"));
}

/// An accepted export waits for a worker (`portal.export.v1.ExportRequested`, checked).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportRequested {
    /// Id of the row in `export_jobs`.
    pub job_id: Uuid,
}

/// The bytes are no message of ours; delivering them again will not help.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMessage {
    /// Not a protocol buffer of this type.
    #[error("message is not an ExportRequested")]
    Undecodable(#[from] prost::DecodeError),
    /// A protocol buffer without a usable job id.
    #[error("job_id is not a UUID")]
    JobId(#[from] uuid::Error),
}

impl ExportRequested {
    pub(crate) fn encode(self) -> Vec<u8> {
        wire::ExportRequested { job_id: self.job_id.to_string() }.encode_to_vec()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let message = wire::ExportRequested::decode(bytes)?;
        Ok(Self { job_id: message.job_id.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_wire() {
        let message = ExportRequested { job_id: Uuid::from_u128(7) };
        assert_eq!(ExportRequested::decode(&message.encode()).unwrap(), message);
    }

    #[test]
    fn refuses_what_is_not_a_message() {
        assert!(matches!(
            ExportRequested::decode(b"\xff\xff"),
            Err(InvalidMessage::Undecodable(_))
        ));
        assert!(matches!(ExportRequested::decode(b""), Err(InvalidMessage::JobId(_))));
    }

    #[test]
    fn skips_fields_of_a_newer_sender() {
        let message = ExportRequested { job_id: Uuid::from_u128(7) };
        let mut bytes = message.encode();
        bytes.extend([0x7a, 0x02, b'n', b'y']); // field 15, length-delimited
        assert_eq!(ExportRequested::decode(&bytes).unwrap(), message);
    }
}
