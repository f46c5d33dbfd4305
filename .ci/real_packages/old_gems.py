"""Specifications as RubyGems 1.1 with syck and RubyGems 1.8 with an early psych wrote them."""

OLD_GEMS = {
    "syck": r"""--- !ruby/object:Gem::Specification 
name: old1
version: !ruby/object:Gem::Version 
  prerelease: 
  version: 0.4.1
platform: ruby
authors: 
- "J\\xC3\\xB6rg"
- Zed A. Shaw
date: 2008-05-21 00:00:00 -04:00
dependencies: 
- !ruby/object:Gem::Dependency 
  name: gem_plugin
  type: :runtime
  version_requirement: 
  version_requirements: !ruby/object:Gem::Requirement 
    requirements: 
    - - ">="
      - !ruby/object:Gem::Version 
        version: 0.2.3
    version: 
- !ruby/object:Gem::Dependency 
  name: daemons
  version_requirement: !ruby/object:Gem::Version::Requirement 
    requirements: 
    - - ">="
      - !ruby/object:Gem::Version 
        version: 1.0.3
    version: 
description: A small fast HTTP library.
executables: 
- mongrel_rails
extensions: 
- ext/http11/extconf.rb
files: []
homepage: http://mongrel.rubyforge.org
require_paths: 
- lib
required_ruby_version: !ruby/object:Gem::Requirement 
  requirements: 
  - - ">="
    - !ruby/object:Gem::Version 
      version: 1.8.4
  version: 
required_rubygems_version: !ruby/object:Gem::Requirement 
  requirements: 
  - - ">="
    - !ruby/object:Gem::Version 
      version: "0"
  version: 
specification_version: 2
summary: A small fast HTTP library and server
""",
    "early-psych": r"""--- !ruby/object:Gem::Specification
name: old2
version: !ruby/object:Gem::Version
  version: 1.0.1
  prerelease: 
platform: java
authors:
- ! 'Ada: L'
date: 2012-01-01 00:00:00.000000000Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rake
  requirement: &70102 !ruby/object:Gem::Requirement
    none: false
    requirements:
    - - ! '>='
      - !ruby/object:Gem::Version
        version: '0'
  type: :development
  prerelease: false
  version_requirements: *70102
- !ruby/object:Gem::Dependency
  name: a
  requirement: &2 !ruby/object:Gem::Requirement
    none: false
    requirements:
    - - =
      - !ruby/object:Gem::Version
        version: 3.0.0.beta
    - - ! '!='
      - !ruby/object:Gem::Version
        version: '1.10'
  type: :runtime
  prerelease: false
  version_requirements: *2
description: ! 'Long

  text: here'
executables: []
extensions: []
files: []
homepage: ''
licenses: []
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  none: false
  requirements:
  - - ! '>='
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  none: false
  requirements:
  - - ! '>'
    - !ruby/object:Gem::Version
      version: 1.3.1
specification_version: 3
summary: ! "Ein sch\\u00f6nes \\e Ding"
""",
}
