import { Type, type Static } from 'typebox';
import { Ok } from '#core/api/common.ts';
import type { CreateClass, PatchClass, PatchProject} from '#core/api/project.ts';
import { ClassDto, ProjectDto } from '#core/api/project.ts';
import { AddedMember, CreatedToken, Me, MemberDto, SignInLink, TokenDto, type CreateToken } from '#core/api/system.ts';
import { get, patch, post, remove } from '../../api.ts';
import type { RoleName } from '../shell/index.ts';

export const chooseNamed = (namedInReports: boolean) => patch(Me, '/me', { namedInReports });
export const patchProject = (project: string, body: Static<typeof PatchProject>) => patch(ProjectDto, `/projects/${project}`, body);
export const addClass = (project: string, body: Static<typeof CreateClass>) => post(ClassDto, `/projects/${project}/classes`, body);
export const patchClass = (project: string, index: number, body: Static<typeof PatchClass>) => patch(ClassDto, `/projects/${project}/classes/${index}`, body);
export const fetchMembers = (project: string, signal?: AbortSignal) => get(Type.Array(MemberDto), `/projects/${project}/members`, signal);
export const addMember = (project: string, email: string, role: RoleName) => post(AddedMember, `/projects/${project}/members`, { email, role });
export const makeLink = (project: string, user: string) => post(SignInLink, `/projects/${project}/members/${user}/link`);
export const removeMember = (project: string, user: string) => remove(Ok, `/projects/${project}/members/${user}`);
export const fetchTokens = (signal?: AbortSignal) => get(Type.Array(TokenDto), '/tokens', signal);
export const createToken = (body: Static<typeof CreateToken>) => post(CreatedToken, '/tokens', body);
export const removeToken = (id: string) => remove(Ok, `/tokens/${id}`);
