//! How a closed vocabulary is written down: each word once, with its spelling and its meaning.

/// Defines an enum of words with `ALL`, `as_str`, `summary`, `Display` and `FromStr`.
///
/// The string after the colon is the word's summary *and* the first line of the variant's documentation: what the
/// editor shows and what the generated documentation says are the same text.
macro_rules! vocabulary {
    (
        $(#[$attribute:meta])*
        $name:ident, $kind:tt {
            $( $(#[$variant_attribute:meta])* $variant:ident = $word:literal : $summary:literal, )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( #[doc = $summary] $(#[$variant_attribute])* $variant, )+
        }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            const WORDS: &[&str] = &[$($word),+];

            /// The word as it is written in an attribute.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What the word means, in one sentence of plain text.
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Invalid;

            fn from_str(word: &str) -> Result<Self, $crate::Invalid> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Self::unknown(word)),
                }
            }
        }

        $crate::vocabulary::vocabulary!(@unknown $name, $kind);
    };
    // A vocabulary with words of its own to say about an unknown one (`Transport`) has an empty kind.
    (@unknown $name:ident, "") => {};
    (@unknown $name:ident, $kind:literal) => {
        impl $name {
            fn unknown(word: &str) -> $crate::Invalid {
                $crate::Invalid::unknown($kind, word, Self::WORDS)
            }
        }
    };
}

pub(crate) use vocabulary;

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use crate::{Criticality, Mechanism, Semantic, Settle, Transport};

    macro_rules! check {
        ($name:ident) => {
            for word in $name::ALL {
                assert_eq!($name::from_str(word.as_str()).as_ref(), Ok(word));
                assert_eq!(word.to_string(), word.as_str());
                assert!(
                    word.as_str()
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                );
                assert!(
                    word.summary().ends_with('.'),
                    "{word} has a summary that is a sentence"
                );
            }
        };
    }

    #[test]
    fn words_round_trip() {
        check!(Criticality);
        check!(Mechanism);
        check!(Semantic);
        check!(Settle);
        check!(Transport);
    }
}
