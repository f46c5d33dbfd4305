//! Actors: who does a deed. Every deed that changes something takes one, and leaves it in its audit event.

use uuid::Uuid;

use crate::id::name_id;

/// Who does a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever holds a token of the organization.
    Token {
        /// The token's id.
        id: Uuid,
        /// The name that the token was made for; without one, the token's description.
        name: Option<String>,
        /// The e-mail address that the token was made for.
        email: Option<String>,
    },
    /// A job of a build system, by the OIDC token of its issuer.
    Oidc {
        /// An id of issuer and subject, the same for every token of theirs.
        id: Uuid,
        /// Issuer of the token.
        issuer: String,
        /// Subject of the token, such as a repository and a branch.
        subject: String,
        /// Statement of the registry's policy that let it in, counted from 1.
        statement: usize,
    },
    /// A person who runs `admin`.
    Operator {
        /// The name that the operator gave, else that of the user on the operator's machine. Nothing proves it.
        name: String,
        /// Id of the AWS access key that signed the change, by which `CloudTrail` knows its owner.
        access_key_id: Option<String>,
    },
    /// The sweep, which removes what deletes leave behind.
    Sweep,
}

impl Actor {
    /// An operator of this name, whose AWS access key is not known.
    #[must_use]
    pub fn operator(name: impl Into<String>) -> Self {
        Self::Operator {
            name: name.into(),
            access_key_id: None,
        }
    }

    /// The actor's identity: a token's own, else one that is computed from the names that do not change.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Token { id, .. } | Self::Oidc { id, .. } => *id,
            Self::Operator { name, .. } => {
                name_id(Uuid::NAMESPACE_URL, &format!("urn:packages-api:operator:{name}"))
            }
            Self::Sweep => name_id(Uuid::NAMESPACE_URL, "urn:packages-api:sweep"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_known_by_their_names() {
        let known = Actor::Operator {
            name: "ann".to_owned(),
            access_key_id: Some("AKIAIOSFODNN7EXAMPLE".to_owned()),
        };
        assert_eq!(known.id(), Actor::operator("ann").id());
        assert_ne!(known.id(), Actor::operator("bob").id());
        assert_ne!(Actor::operator("sweep").id(), Actor::Sweep.id());
        assert_eq!(known.id().get_version_num(), 5);
    }
}
